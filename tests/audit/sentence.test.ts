import { describe, expect, it } from "vitest";
import { readTrailFilters } from "../../web/audit/filters.ts";
import { changesOf, idOf, piecesOf, variantOf } from "../../web/audit/sentence.ts";
import { audit } from "../../web/i18n/en/audit.ts";
import { operatorCommands } from "../../server/access/operator.ts";
import type { AuditEntry } from "../../server/audit/schema.ts";
import { walkSync } from "../harness/walk.ts";

const nora = "019aaf00-0000-7000-8000-000000000001";
const paul = "019aaf00-0000-7000-8000-000000000002";
const order = "019aaf00-0000-7000-8000-000000000003";

const entry = (over: Partial<AuditEntry>): AuditEntry => ({
  id: "1",
  at: "2026-11-23T08:00:00Z",
  act: "delivery.assigned",
  actorId: nora,
  actorName: "Nora Example",
  detail: { delivery: order, driver: paul },
  names: {},
  changed: null,
  ...over,
});

describe("an entry read as a sentence", () => {
  it("has a place for everybody and everything it names", () => {
    expect(piecesOf("{{actor}} assigned order {{delivery}} to {{driver}}")).toEqual([
      { slot: "actor" },
      { words: " assigned order " },
      { slot: "delivery" },
      { words: " to " },
      { slot: "driver" },
    ]);
    expect(["actor", "delivery", "driver"].map((slot) => idOf(entry({}), slot))).toEqual([nora, order, paul]);
  });

  it("tells an order that moved from one that had no driver", () => {
    expect(variantOf(entry({}))).toEqual({});
    expect(variantOf(entry({ detail: { delivery: order, fromDriver: nora } }))).toEqual({ context: "moved" });
  });

  it("tells one's own session from somebody else's", () => {
    const ended = (account: string) => entry({ act: "session.ended", detail: { account } });
    expect(variantOf(ended(nora))).toEqual({});
    expect(variantOf(ended(paul))).toEqual({ context: "other" });
  });

  it("counts what was looked at", () => {
    expect(variantOf(entry({ act: "delivery.read", detail: { things: [order, paul] } }))).toEqual({
      count: 2,
    });
  });

  it("tells a command of the operator's that was recorded at once from one that could not be", () => {
    const commanded = (detail: AuditEntry["detail"]) =>
      variantOf(entry({ act: "operator.commanded", detail }));
    expect(commanded({ command: "down" })).toEqual({ context: "down" });
    expect(commanded({ command: "restart", services: ["api-a"], happenedAt: "2026-11-23T03:00:00Z" }))
      .toEqual({ context: "restart_late" });
  });

  it("has words for every command of the operator's", () => {
    const words = Object.keys(audit.sentences.operator);
    for (const command of operatorCommands) {
      expect(words).toEqual(expect.arrayContaining([`commanded_${command}`, `commanded_${command}_late`]));
    }
  });

  it("has a sentence for every act that the server records", () => {
    const texts = walkSync(new URL("../../server/", import.meta.url), /\.ts$/)
      .map((file) => Deno.readTextFileSync(file).matchAll(/\b(?:record\(|act(?:: | = ))[^,`]+,/g));
    const acts = texts.flatMap((calls) => [...calls])
      .flatMap(([call]) => [...call.matchAll(/"([a-z-]+)\.([a-z-]+)"/g)]);
    expect(acts.length).toBeGreaterThan(60);
    const sentences: Record<string, unknown> = audit.sentences;
    const without = acts.filter(([, noun, verb]) => {
      const known = Object.keys(sentences[noun!] ?? {});
      return !known.some((key) => key === verb || key.startsWith(`${verb}_`));
    });
    expect(without.map(([, noun, verb]) => `${noun}.${verb}`)).toEqual([]);
    expect(acts.filter(([, noun]) => !(noun! in audit.nouns)).map(([, noun]) => noun)).toEqual([]);
  });

  it("tells a trial that passed from one that did not, and from one that was refused", () => {
    const tried = (detail: AuditEntry["detail"]) => variantOf(entry({ act: "sso.tried", detail }));
    expect(tried({ provider: order, passed: true })).toEqual({});
    expect(tried({ provider: order, passed: false })).toEqual({ context: "failed" });
    expect(tried({ provider: order, passed: false, reason: "nonce" })).toEqual({ context: "refused" });
  });

  it("tells whether whoever a provider's answer was refused to is known", () => {
    const refused = entry({ act: "sso.refused", detail: { by: "kestrel", reason: "nonce" } });
    expect(variantOf(refused)).toEqual({ context: "known" });
    expect(variantOf({ ...refused, actorId: null, actorName: null })).toEqual({});
  });

  it("counts the sessions that a sign-out elsewhere ended", () => {
    expect(variantOf(entry({ act: "sso.signed-out-there", detail: { provider: order, count: 0 } }))).toEqual({
      count: 0,
    });
  });

  it("shows old and new values, and says erased where the person is", () => {
    const detail = { delivery: order, fields: ["priority", "recipient.phone"] };
    const changed = { phone: { from: null, to: "+44 20 7946 0123" } };
    expect(changesOf(entry({ act: "delivery.edited", detail, changed }))).toEqual([
      { field: "recipient.phone", values: changed.phone },
    ]);
    expect(changesOf(entry({ act: "delivery.edited", detail }))).toEqual([
      { field: "recipient.phone", values: null },
    ]);
    expect(changesOf(entry({ act: "site.edited", detail: { site: order, fields: ["name"] } }))).toEqual([]);
  });

  it("is found again by the address it was narrowed in", () => {
    expect(readTrailFilters({ act: "delivery.", thing: order, page: 3, from: "" })).toEqual({
      act: "delivery.",
      thing: order,
    });
  });
});
