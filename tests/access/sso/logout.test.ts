import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { origin, useCompany } from "../../harness/app.ts";
import { type Fault, faults, MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { entriesOf } from "../person.ts";
import { type Arrival, CompanySignIn } from "./company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn;

beforeAll(async () => {
  op = await MisbehavingProvider.start({
    send: async (url, form) => await company.app.request(url, { method: "POST", body: form }),
  });
  signIn = await CompanySignIn.setUp(company, op);
});
afterAll(() => op.stop());

const address = `${origin}/sso/kestrel/logout`;
const isSignedIn = async ({ cookie }: Arrival) =>
  (await company.caller({ cookie: cookie! }).get("/api/session")).status === 200;

const bad = (Object.keys(faults) as Fault[]).filter((fault) =>
  fault.startsWith("logout-") && faults[fault].verdict === "refused"
);

describe("a provider that says somebody signed out there", () => {
  it("ends the session that began with that one, and no other", async () => {
    const [one, two] = [await signIn.trip(), await signIn.trip()];
    expect((await op.backChannelLogout(address)).status).toBe(200);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([true, false]);
    const [entry] = await entriesOf(company, "sso.signed-out-there");
    expect(entry!.detail).toMatchObject({ provider: signIn.provider.id, count: 1 });
  });

  it("ends every session of a person if it names none", async () => {
    const [one, two] = [await signIn.trip(), await signIn.trip()];
    const answer = await op.backChannelLogout(address, { sid: undefined });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, false]);
  });

  it("ends nobody's session by a name that nobody has", async () => {
    const arrival = await signIn.trip();
    expect((await op.backChannelLogout(address, { sid: undefined, sub: "u-nobody" })).status).toBe(200);
    expect((await op.backChannelLogout(address, { sid: "made-up" })).status).toBe(200);
    expect(await isSignedIn(arrival)).toBe(true);
  });

  it("is heard when it writes the token's type as older ones do", async () => {
    const arrival = await signIn.trip();
    expect((await op.with("logout-typ-jwt", () => op.backChannelLogout(address))).status).toBe(200);
    expect(await isSignedIn(arrival)).toBe(false);
  });

  for (const fault of bad) {
    it(`is not heard: ${fault}: ${faults[fault].does}`, async () => {
      const arrival = await signIn.trip();
      if (fault === "logout-replayed-jti") await op.backChannelLogout(address, { sid: "made-up" });
      const answer = await op.with(fault, () => op.backChannelLogout(address));
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ error: "invalid_request" });
      expect(await isSignedIn(arrival)).toBe(true);
      const [entry] = await entriesOf(company, "sso.logout-refused");
      expect(entry!.detail).toMatchObject({ by: "kestrel" });
    });
  }

  it("is not heard without a token, under another's name, or by a page of another kind", async () => {
    const arrival = await signIn.trip();
    const send = (path: string, body: BodyInit) =>
      company.app.request(`${origin}${path}`, { method: "POST", body });
    expect((await send("/sso/kestrel/logout", new URLSearchParams())).status).toBe(400);
    expect((await send("/sso/kestrel/logout", "{}")).status).toBe(400);
    const token = await op.logoutToken();
    expect((await send("/sso/nobody/logout", new URLSearchParams({ logout_token: token }))).status).toBe(400);
    expect(
      (await send("/sso/kestrel/logout", new URLSearchParams({ logout_token: "x".repeat(70_000) }))).status,
    )
      .toBe(413);
    expect(await isSignedIn(arrival)).toBe(true);
  });
});
