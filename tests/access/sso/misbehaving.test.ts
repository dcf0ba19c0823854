import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reason } from "../../../server/access/sso/refusal.ts";
import { useCompany } from "../../harness/app.ts";
import { type Fault, faults, MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { entriesOf } from "../person.ts";
import { type Arrival, CompanySignIn } from "./company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn;

beforeAll(async () => {
  op = await MisbehavingProvider.start();
  signIn = await CompanySignIn.setUp(company, op);
});
afterAll(() => op.stop());

/** Faults that show before the browser is sent anywhere. */
const atTheStart: Partial<Record<Fault, Reason>> = {
  "discovery-wrong-issuer": "discovery-issuer",
  "discovery-not-json": "discovery",
  "discovery-without-endpoints": "endpoints",
  "discovery-http-endpoints": "not-https",
  "discovery-redirects-inside": "discovery",
  "slow-discovery": "too-slow",
  "huge-discovery": "too-large",
};

/** Faults of the answer, and why it is refused. */
const atTheEnd: Partial<Record<Fault, Reason>> = {
  "alg-none": "algorithm",
  "unsigned-expected-alg": "signature",
  "hs256-with-public-key": "algorithm",
  "hs256-with-client-secret": "algorithm",
  "forged-signature": "signature",
  "unknown-kid": "key-unknown",
  "embedded-key": "signature",
  "encrypted-id-token": "algorithm",
  "wrong-iss": "issuer",
  "missing-iss": "issuer",
  "wrong-aud": "audience",
  "missing-aud": "audience",
  "multi-aud-without-azp": "audience",
  "multi-aud-with-wrong-azp": "authorized-party",
  "untrusted-extra-aud": "audience",
  "wrong-azp": "authorized-party",
  "missing-nonce": "nonce",
  "wrong-nonce": "nonce",
  "wrong-at-hash": "access-token-hash",
  "missing-sub": "subject",
  "empty-sub": "subject",
  "sub-not-text": "subject",
  "sub-too-long": "subject",
  "expired": "expired",
  "exp-missing": "expired",
  "iat-missing": "issued-at",
  "iat-in-future": "issued-at",
  "nbf-in-future": "not-yet-valid",
  "id-token-missing": "id-token-missing",
  "id-token-garbage": "id-token-unreadable",
  "access-token-missing": "token-endpoint",
  "token-type-wrong": "token-endpoint",
  "token-invalid-client": "client-refused",
  "token-invalid-grant": "code-refused",
  "token-unavailable": "token-endpoint",
  "token-not-json": "token-endpoint",
  "token-html-200": "token-endpoint",
  "wrong-state": "not-begun-here",
  "missing-state": "state",
  "wrong-iss-parameter": "response-issuer",
  "missing-iss-parameter-though-promised": "response-issuer",
  "code-missing": "code-missing",
  "access-denied": "refused-there",
  "login-required": "refused-there",
  "discovery-endpoints-inside": "not-listed",
  "jwks-empty": "key-unknown",
  "jwks-garbage": "key-unknown",
  "jwks-symmetric": "algorithm",
  "jwks-private-key-published": "key-unknown",
  "slow-jwks": "too-slow",
  "slow-token": "too-slow",
  "huge-jwks": "too-large",
  "huge-token": "too-large",
  "jwks-redirects-inside": "key-unknown",
  "token-redirects-inside": "token-endpoint",
};

const about = (fault: Fault) => `${fault}: ${faults[fault].does}`;
const ofSignIn = (fault: Fault) => !fault.startsWith("logout-");
/** Ten seconds each. */
const isSlow = (fault: Fault) => fault.startsWith("slow-");

/** What a sign-in leaves behind that is refused: nothing but an entry with the reason. */
async function expectRefused(arrival: Arrival, reason: Reason): Promise<void> {
  expect([arrival.refused, arrival.cookie]).toEqual([reason, null]);
  expect(arrival.location).toBe(`/sign-in?refused=${reason}&by=kestrel`);
  const [entry] = await entriesOf(company, "sso.refused");
  expect(entry!.detail).toMatchObject({ by: "kestrel", reason });
}

const counts = async () => ({
  accounts: (await company.superDb.selectFrom("accounts").select("id").execute()).length,
  identities: (await company.superDb.selectFrom("ssoIdentities").select("id").execute()).length,
  sessions: (await company.superDb.selectFrom("sessions").select("id").execute()).length,
});

describe("a provider that misbehaves", () => {
  it("has every fault of its list that is to be refused named below", () => {
    const refused = (Object.keys(faults) as Fault[]).filter((fault) =>
      ofSignIn(fault) && faults[fault].verdict === "refused"
    );
    const named = [
      ...Object.keys(atTheStart),
      ...Object.keys(atTheEnd),
      "userinfo-sub-mismatch",
      "userinfo-sub-missing",
    ];
    expect(refused.toSorted()).toEqual(named.toSorted());
  });

  for (const [fault, reason] of Object.entries(atTheStart) as [Fault, Reason][]) {
    it(`is told before anybody is sent there: ${about(fault)}`, async () => {
      const answer = await op.with(fault, () => signIn.begin("/api/sso/kestrel/start"));
      expect([answer.status, answer.body.slug]).toEqual([502, "provider-unavailable"]);
      expect(answer.body.detail).toContain(`The reason is: ${reason}`);
      expect(answer.body.title).toBe("Kestrel sign-in cannot be asked right now");
    }, 30_000);
  }

  for (const [fault, reason] of Object.entries(atTheEnd) as [Fault, Reason][]) {
    it(`is refused: ${about(fault)}`, async () => {
      const before = await counts();
      await expectRefused(await op.with(fault, () => signIn.trip()), reason);
      expect(await counts()).toEqual(before);
    }, isSlow(fault) ? 40_000 : 30_000);
  }

  for (const fault of ["userinfo-sub-mismatch", "userinfo-sub-missing"] as const) {
    it(`is refused: ${about(fault)}`, async () => {
      const before = await counts();
      const arrival = await op.with(fault, () => asUserinfo(() => signIn.trip()));
      await expectRefused(arrival, "userinfo-subject");
      expect(await counts()).toEqual(before);
    });
  }

  const works = (Object.keys(faults) as Fault[]).filter((fault) =>
    ofSignIn(fault) && faults[fault].verdict === "works" && !fault.startsWith("clock-")
  );
  for (const fault of works) {
    it(`works all the same: ${about(fault)}`, async () => {
      const arrival = await op.with(fault, () => signIn.trip());
      expect([arrival.refused, arrival.location]).toEqual([null, "/"]);
      const me = await company.caller({ cookie: arrival.cookie! }).get("/api/session");
      expect(me.body).toMatchObject({ name: "Kim Day", role: "dispatcher", siteIds: [company.here] });
    });
  }

  it("is told that there are more groups than it sends, which Entra ID does above 200", async () => {
    await expectRefused(await op.with("groups-overage", () => signIn.trip()), "groups-overage");
  });

  it("is asked for what was left out of the ID token only, and refused when it does not answer", async () => {
    op.requests.length = 0;
    expect((await signIn.trip()).refused).toBeNull();
    expect(op.asked("/userinfo")).toEqual([]);
    await expectRefused(await op.with("userinfo-error", () => asUserinfo(() => signIn.trip())), "userinfo");
    await expectRefused(
      await op.with("userinfo-not-json", () => asUserinfo(() => signIn.trip())),
      "userinfo",
    );
    expect((await asUserinfo(() => signIn.trip())).refused).toBeNull();
    expect(op.asked("/userinfo")).toHaveLength(3);
  });

  it("may be wrong about the time by a minute, and is told by how much if it is more", async () => {
    for (const fault of ["clock-ahead", "clock-behind"] as const) {
      op.skew = 50;
      expect((await op.with(fault, () => signIn.trip())).refused, fault).toBeNull();
    }
    op.skew = 400;
    const arrival = await op.with("clock-ahead", () => signIn.trip());
    expect(arrival.refused).toBe("issued-at");
    const [entry] = await entriesOf(company, "sso.refused");
    expect(Number((entry!.detail as Record<string, string>).providerAheadSeconds)).toBeGreaterThan(395);
    op.skew = 30;
  });

  it("says nothing of the ID token's key in an answer, a log or the trail", async () => {
    await op.with("forged-signature", () => signIn.trip());
    const logs = company.logged.join("");
    for (const secret of [op.clientSecret, "kim@example.com", "u-1001", "eyJ"]) {
      expect(logs).not.toContain(secret);
    }
    const trail = JSON.stringify(await entriesOf(company, "sso.refused"));
    for (const secret of [op.clientSecret, "kim@example.com", "u-1001", "eyJ"]) {
      expect(trail).not.toContain(secret);
    }
  });
});

/** Name and groups come by userinfo while something is done. */
async function asUserinfo<T>(act: () => Promise<T>): Promise<T> {
  const { person } = op;
  const { name, groups, ...rest } = person;
  op.person = rest;
  op.userinfo = { name, groups };
  try {
    return await act();
  } finally {
    op.person = person;
    op.userinfo = {};
  }
}
