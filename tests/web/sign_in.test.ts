import { describe, expect, it } from "vitest";
import { ownAddress } from "../../web/access/own_address.ts";
import { wordsFor } from "../../web/access/refusal_reason.ts";
import { readRefused } from "../../web/access/refused.ts";
import { strengthOf } from "../../web/access/strength.ts";
import { ApiProblem } from "../../web/api.ts";
import { refusalOf } from "../../web/ui/faults.ts";

describe("the way back after the sign-in", () => {
  it("leads to the page somebody came from", () => {
    expect(ownAddress("/orders/1?day=2026-11-23#steps")).toBe("/orders/1?day=2026-11-23#steps");
  });

  it.each(["https://example.org", "//example.org", "/\\example.org", "javascript:alert(1)", "", 7])(
    "never leads to somebody else's site: %s",
    (back) => expect(ownAddress(back)).toBeUndefined(),
  );
});

describe("why a provider sent somebody back", () => {
  it("is said in words for each reason, and for problems of ours that come between", () => {
    expect(wordsFor("no-role")).toBe("no-role");
    expect(wordsFor("nonce")).toBe("wrong");
    expect(wordsFor("keys-unavailable")).toBe("not-now");
    expect(wordsFor("link-not-valid")).toBe("invitation");
  });

  it.each(["something-new", "constructor", "toString"])(
    "is unknown where nobody has words for it: %s",
    (reason) => expect(wordsFor(reason)).toBe("unknown"),
  );

  it("is never somebody else's text, since anybody can write an address", () => {
    expect(readRefused({ refused: "nonce", by: "kestrel" })).toEqual({ refused: "nonce", by: "kestrel" });
    expect(readRefused({ refused: "Call 0800 1234", by: "<b>" })).toEqual({
      refused: "unknown",
      by: undefined,
    });
    expect(readRefused({})).toEqual({ refused: undefined, by: undefined });
  });
});

describe("the hint beside a new password", () => {
  const own = ["Ada Lindqvist", "ada@example.com"];

  it("counts what is missing to eight characters", () => {
    expect(strengthOf("blue", own)).toMatchObject({ level: 0, missing: 4 });
  });

  it("finds a few unrelated words strong, without asking for symbols", () => {
    expect(strengthOf("blue van in the rain", own)).toMatchObject({ level: 4, word: "strong" });
  });

  it.each(["aaaaaaaaaaaaaaaaaaaa", "abababababababab", "adalindqvist", "lindqvistlindqvist"])(
    "calls a repeated pattern or one's own name too easy: %s",
    (password) => expect(strengthOf(password, own)).toMatchObject({ level: 1, word: "known" }),
  );

  it("counts what people see as one character once", () => {
    expect(strengthOf("🚚🚚🚚🚚", own).missing).toBe(4);
  });
});

describe("a refused form", () => {
  const faults = [{ path: "recipient.phone", reason: "must have 3 to 20 digits" }, {
    path: "tags.3",
    reason: "too long",
  }];
  const refusal = refusalOf(new ApiProblem({ title: "Some fields need another look", faults }));

  it("puts each reason beside its field", () => {
    expect(refusal.of("recipient.phone")).toBe("must have 3 to 20 digits");
    expect(refusal.of("tags")).toBe("too long");
    expect(refusal.of("recipient.name")).toBeUndefined();
  });

  it("knows when a reason belongs to no field on the screen", () => {
    expect(refusal.coveredBy(["recipient", "tags"])).toBe(true);
    expect(refusal.coveredBy(["recipient"])).toBe(false);
  });
});
