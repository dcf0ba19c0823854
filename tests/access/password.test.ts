import { describe, expect, it } from "vitest";
import { hashPassword, isPassword } from "../../server/access/password.ts";
import { refuseGuessable } from "../../server/access/password_rules.ts";
import type { Config } from "../../server/platform/config.ts";
import { Problem } from "../../server/platform/problem.ts";

const own = {
  company: "Nordhafen Kurier GmbH",
  name: "Signe Lindqvist",
  email: "signe.lindqvist@nordhafen.example",
};

function reasonAgainst(password: string): string | undefined {
  try {
    refuseGuessable(password, own, "password");
  } catch (error) {
    return (error as Problem).details.faults?.[0]?.reason;
  }
}

describe("a new password", () => {
  it.each([
    ["the first that anybody tries", "password"],
    ["one of the first with digits behind it", "Dragon2026!"],
    ["one of the first in capitals", "PASSWORD1"],
    ["a row of the keyboard", "qwertyuiop"],
    ["one character over and over", "aaaaaaaaaaaa"],
    ["two characters in turn", "abababababab"],
    ["counting up", "123456789012"],
    ["the alphabet", "abcdefghijklm"],
    ["the person's name and a year", "Lindqvist2026"],
    ["the company's name and a digit", "nordhafen1"],
    ["the e-mail address itself", "signe.lindqvist@nordhafen.example"],
    ["the product's name", "Fleethold-1"],
    ["the name without its accent, in capitals", "NORDHÄFEN!!"],
  ])("is refused when it is %s", (_, password) => expect(reasonAgainst(password)).toBeTruthy());

  it.each([
    ["a long sentence", "the parrot keeps its receipts"],
    ["eight random characters", "v7#kQz9m"],
    ["the person's name among much else", "lindqvist paints copper kettles"],
    ["in a script of its own", "парусник у причала"],
  ])("is taken when it is %s", (_, password) => expect(reasonAgainst(password)).toBeUndefined());
});

describe("a stored password", () => {
  const config = { FLEETHOLD_PEPPER: new Uint8Array(32).fill(1) } as Config;

  it("opens for the same letters however they are composed, and only with the installation's pepper", async () => {
    const stored = await hashPassword(config, "cafe\u0301 au coin de la rue");
    expect(stored).toMatch(/^scrypt\$17\$8\$1\$/);
    expect(await isPassword(config, stored, "caf\u00e9 au coin de la rue")).toBe(true);
    expect(await isPassword(config, stored, "cafe au coin de la rue")).toBe(false);
    const elsewhere = { FLEETHOLD_PEPPER: new Uint8Array(32).fill(2) } as Config;
    expect(await isPassword(elsewhere, stored, "caf\u00e9 au coin de la rue")).toBe(false);
  });

  it("takes as long to refuse where there is none", async () => {
    const stored = await hashPassword(config, "the parrot keeps its receipts");
    const timed = async (hash: string | null) => {
      const from = performance.now();
      expect(await isPassword(config, hash, "another")).toBe(false);
      return performance.now() - from;
    };
    // Without the decoy, refusing would take microseconds.
    const [there, nowhere] = [await timed(stored), await timed(null)];
    expect(nowhere).toBeGreaterThan(there / 5);
  });

  it("is checked two at a time, and whoever finds too long a queue is told to come back", async () => {
    const cheap = "scrypt$12$8$1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=";
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => isPassword(config, cheap, "another")),
    );
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused).toHaveLength(6);
    expect(refused[0]!.reason).toMatchObject({ slug: "busy", status: 503 });
  });
});
