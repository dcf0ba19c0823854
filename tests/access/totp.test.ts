import { afterEach, describe, expect, it, vi } from "vitest";
import { generateHOTP } from "@oslojs/otp";
import { confirmTotp, enrolTotp, matchingStep, readSecret } from "../../server/access/totp.ts";
import type { Config } from "../../server/platform/config.ts";

const config = { FLEETHOLD_PEPPER: new Uint8Array(32).fill(1) } as Config;
const secret = new TextEncoder().encode("12345678901234567890");

describe("a code from an authenticator app", () => {
  it.each([[59, "287082"], [1111111109, "081804"], [1234567890, "005924"], [20000000000, "353130"]])(
    "is the one RFC 6238 gives for second %i",
    (second, code) => expect(matchingStep(secret, code, second * 1000)).toBe(Math.floor(second / 30)),
  );

  it("is good one step before and after its time, and no longer", () => {
    const step = 50_000_000;
    const code = generateHOTP(secret, BigInt(step), 6);
    const at = (steps: number) => matchingStep(secret, code, (step + steps) * 30_000);
    expect([-2, -1, 0, 1, 2].map(at)).toEqual([null, step, step, step, null]);
  });
});

describe("enrolling an app", () => {
  afterEach(() => void vi.useRealTimers());

  const codeOf = (text: string) => generateHOTP(readSecret(text), BigInt(Math.floor(Date.now() / 30_000)), 6);

  it("shows a secret of 160 bits with the company as its issuer", () => {
    const { secret, uri } = enrolTotp(config, "set-up", "Nordhafen & Söhne", "signe@nordhafen.example");
    expect(readSecret(secret)).toHaveLength(20);
    const shown = new URL(uri);
    expect(shown.searchParams.get("issuer")).toBe("Nordhafen & Söhne");
    expect(shown.searchParams.get("secret")).toBe(secret);
    expect(decodeURIComponent(shown.pathname)).toContain("signe@nordhafen.example");
  });

  it("ends with the first code", () => {
    const { secret, ticket } = enrolTotp(config, "set-up", "Nordhafen", "signe@nordhafen.example");
    const confirmed = confirmTotp(config, "set-up", { ticket, code: codeOf(secret), path: "code" });
    expect(confirmed.secret.toHex()).toBe(readSecret(secret).toHex());
  });

  it("refuses a ticket that was made for somebody else, changed, or is older than half an hour", () => {
    const { secret, ticket } = enrolTotp(config, "account/1", "Nordhafen", "signe@nordhafen.example");
    const refused = expect.objectContaining({ slug: "bad-input" });
    const confirm = (context: string, given: string) =>
      confirmTotp(config, context, { ticket: given, code: codeOf(secret), path: "code" });
    expect(() => confirm("account/2", ticket)).toThrow(refused);
    expect(() => confirm("account/1", ticket.slice(0, -4) + "AAAA")).toThrow(refused);
    vi.useFakeTimers({ now: Date.now() + 31 * 60_000, toFake: ["Date"] });
    expect(() => confirm("account/1", ticket)).toThrow(refused);
  });
});
