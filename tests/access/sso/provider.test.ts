import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { followFile } from "../../../server/access/sso/file.ts";
import { forgetOldTrials } from "../../../server/access/sso/trial.ts";
import { ProviderFile } from "../../../server/access/sso/schema.ts";
import { type Caller, origin, useCompany } from "../../harness/app.ts";
import { MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { employ, entriesOf } from "../person.ts";
import { CompanySignIn } from "./company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn, admin: Caller;

beforeAll(async () => {
  op = await MisbehavingProvider.start({ alg: "ES256" });
  signIn = await CompanySignIn.setUp(company, op);
  admin = await company.as("admin");
});
afterAll(() => op.stop());

const given = (over: Record<string, unknown> = {}) => ({
  slug: `p${Math.random().toString(36).slice(2, 10)}`,
  name: "Another",
  issuer: "https://login.kestrel.example/realm",
  clientId: "fleethold",
  clientSecret: "hush-hush-hush",
  settings: {},
  ...over,
});
const versioned = (version: number) => ({ "If-Match": `"${version}"` });

describe("a provider", () => {
  it("is set up with the addresses that are to be registered there, and its secret is never shown again", async () => {
    const { status, body } = await admin.post("/api/sso/providers", given({ slug: "entra" }));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      redirectUri: `${origin}/sso/entra/callback`,
      signedOutUri: `${origin}/sign-in`,
      backChannelLogoutUri: `${origin}/sso/entra/logout`,
      hasSecret: true,
      enabled: false,
      triedAt: null,
    });
    const list = await admin.get("/api/sso/providers");
    expect(JSON.stringify([body, list.body])).not.toContain("hush");
    const client = await company.superuser("data");
    const { rows } = await client.query("select * from sso_providers");
    expect(JSON.stringify(rows.map((row) => ({ ...row, client_secret: String(row.client_secret) })))).not
      .toContain(
        "hush",
      );
    expect((await admin.delete(`/api/sso/providers/${body.id}`)).status).toBe(204);
  });

  it("is refused with what is wrong where", async () => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ issuer: "http://login.kestrel.example" }, "issuer"],
      [{ issuer: "https://login.microsoftonline.com/common/v2.0" }, "issuer"],
      [{ issuer: "https://user:secret@login.example" }, "issuer"],
      [{ issuer: "https://login.example?x=1" }, "issuer"],
      [{ slug: "Kestrel!" }, "slug"],
      [{ settings: { scopes: ["two words"] } }, "settings.scopes.0"],
      [
        { settings: { mappings: [{ group: "a", role: "dispatcher", siteIds: [] }] } },
        "settings.mappings.0.siteIds",
      ],
      [{
        settings: {
          mappings: [{ group: "a", role: "dispatcher", siteIds: ["01890a5d-ac96-774b-bcce-b302099a8057"] }],
        },
      }, "settings.mappings.0.siteIds"],
      [{ settings: { mappings: [{ group: "a", role: "driver" }] } }, "settings.mappings.0.role"],
      [{ settings: { secondFactor: "claimed", acrValues: [], amrValues: [] } }, "settings.amrValues"],
      [{ settings: { rolesFrom: "here", justInTime: true } }, "settings.justInTime"],
    ];
    for (const [over, path] of wrong) {
      const { status, body } = await signIn.owner.post("/api/sso/providers", given(over));
      expect([path, status, body.faults?.[0]?.path]).toEqual([path, 422, path]);
    }
    const again = await signIn.owner.post("/api/sso/providers", given({ slug: "kestrel" }));
    expect([again.status, again.body.slug]).toEqual([409, "slug-taken"]);
  });

  it("gives no role by an admin's hand that an admin may not give", async () => {
    const mapping = { settings: { mappings: [{ group: "boss", role: "owner", siteIds: [] }] } };
    expect((await admin.post("/api/sso/providers", given(mapping))).status).toBe(403);
    expect(
      (await admin.post("/api/sso/providers", given({ settings: { everybody: { role: "admin" } } }))).status,
    )
      .toBe(403);
    const made = await signIn.owner.post("/api/sso/providers", given(mapping));
    // Another group claim would choose who the owners are, just as well.
    const edit = await admin.patch(
      `/api/sso/providers/${made.body.id}`,
      { settings: { ...made.body.settings, groupClaim: "department" } },
      versioned(1),
    );
    expect(edit.status).toBe(403);
    expect((await admin.delete(`/api/sso/providers/${made.body.id}`)).status).toBe(403);
    await signIn.owner.delete(`/api/sso/providers/${made.body.id}`);
  });

  it("keeps its issuer once people are known by it, and its secret when none is sent", async () => {
    expect((await signIn.trip()).refused).toBeNull();
    const moved = await signIn.edit({}, { issuer: "https://evil.example" });
    expect([moved.status, moved.body.slug]).toEqual([409, "issuer-in-use"]);
    expect((await signIn.edit({}, { name: "Kestrel" })).status).toBe(200);
    expect((await signIn.trip()).refused).toBeNull();
    expect((await signIn.edit({}, { clientSecret: "wrong" })).status).toBe(200);
    expect((await signIn.trip()).refused).toBe("client-refused");
    expect((await signIn.edit({}, { clientSecret: op.clientSecret })).status).toBe(200);
    expect((await signIn.trip()).refused).toBeNull();
  });

  it("is not overwritten by whoever has seen an older version", async () => {
    const stale = await signIn.owner.patch(
      `/api/sso/providers/${signIn.provider.id}`,
      { name: "X" },
      versioned(1),
    );
    expect([stale.status, stale.body.slug]).toEqual([412, "changed-meanwhile"]);
  });
});

describe("a look at a provider", () => {
  const check = async () => (await signIn.owner.post(`/api/sso/providers/${signIn.provider.id}/check`)).body;
  const outcomes = (body: { checks: { check: string; outcome: string; reason: string | null }[] }) =>
    Object.fromEntries(body.checks.map(({ check, outcome, reason }) => [check, reason ?? outcome]));

  it("says what is right with it", async () => {
    expect(await check()).toMatchObject({ passed: true });
    expect(outcomes(await check())).toEqual({
      discovery: "passed",
      clock: "passed",
      pkce: "passed",
      algorithm: "passed",
      keys: "passed",
      "response-mode": "passed",
      scopes: "passed",
      "sign-out": "passed",
      "back-channel-logout": "passed",
    });
  });

  it("says what is wrong with it, and of the clock by how much", async () => {
    const wrong = {
      "discovery-not-json": { discovery: "discovery" },
      "discovery-wrong-issuer": { discovery: "discovery-issuer" },
      "discovery-redirects-inside": { discovery: "discovery" },
      "jwks-empty": { keys: "key-unknown" },
      "jwks-garbage": { keys: "key-unknown" },
      "jwks-redirects-inside": { keys: "key-unknown" },
      "jwks-private-key-published": { keys: "key-unknown" },
      "jwks-symmetric": { keys: "key-unknown" },
      "discovery-without-pkce": { pkce: "pkce-unknown" },
      "discovery-without-logout": { "sign-out": "no-sign-out" },
    } as const;
    for (const [fault, expected] of Object.entries(wrong) as [keyof typeof wrong, object][]) {
      expect(outcomes(await op.with(fault, check)), fault).toMatchObject(expected);
    }
    op.skew = 300;
    const ahead = await op.with("clock-ahead", check);
    expect(ahead.passed).toBe(false);
    const clock = ahead.checks.find((one: { check: string }) => one.check === "clock");
    expect(Number(clock.facts.providerAheadSeconds)).toBeGreaterThan(295);
    op.skew = 30;
    expect(outcomes(await op.with("clock-behind", check))).toMatchObject({ clock: "clock" });
  });

  it("says where nobody answers", async () => {
    const { body } = await signIn.owner.post("/api/sso/providers", given({ issuer: "http://127.0.0.1:1" }));
    const report = (await signIn.owner.post(`/api/sso/providers/${body.id}/check`)).body;
    expect(report.checks[0]).toMatchObject({
      outcome: "failed",
      reason: "unreachable",
      facts: { host: "127.0.0.1:1" },
    });
    await signIn.owner.delete(`/api/sso/providers/${body.id}`);
  });
});

describe("a sign-in on trial", () => {
  const begin = async (caller: Caller) => {
    const path = `/api/sso/providers/${signIn.provider.id}/trial`;
    return await signIn.trip(path, { cookies: caller.cookie });
  };
  const reportOf = async (caller: Caller, location: string) =>
    (await caller.get(`/api/sso/trials/${new URL(location, origin).searchParams.get("trial")}`)).body;

  it("shows what was received and what would follow, and signs nobody in", async () => {
    op.person = {
      ...op.person,
      sub: "u-trial",
      email: "trial@kestrel.example",
      groups: ["dispatch", "chess club"],
    };
    const accounts = (await company.superDb.selectFrom("accounts").select("id").execute()).length;
    const arrival = await begin(signIn.owner);
    expect(arrival.cookie).toBeNull();
    const report = await reportOf(signIn.owner, arrival.location);
    expect(report).toMatchObject({
      passed: true,
      groups: ["dispatch", "chess club"],
      role: "dispatcher",
      siteIds: [company.here],
      account: "would-be-made",
    });
    expect(report.checks.every(({ outcome }: { outcome: string }) => outcome === "passed")).toBe(true);
    expect(JSON.parse(report.claims)).toMatchObject({ email: "trial@kestrel.example", sub: "u-trial" });
    expect((await company.superDb.selectFrom("accounts").select("id").execute()).length).toBe(accounts);
    const { body: { items } } = await signIn.owner.get("/api/sso/providers");
    expect(items.find(({ id }: { id: string }) => id === signIn.provider.id).triedAt).not.toBeNull();
  });

  it("is seen by whoever tried it and by nobody else, and lies sealed", async () => {
    const arrival = await begin(signIn.owner);
    const id = new URL(arrival.location, origin).searchParams.get("trial");
    expect((await admin.get(`/api/sso/trials/${id}`)).status).toBe(404);
    const client = await company.superuser("data");
    const { rows } = await client.query("select encode(sealed, 'escape') as text from sso_tries");
    expect(JSON.stringify(rows)).not.toContain("kestrel.example");
  });

  it("is forgotten after a day, and that it was recorded", async () => {
    const id = new URL((await begin(signIn.owner)).location, origin).searchParams.get("trial");
    await company.change(forgetOldTrials);
    expect((await signIn.owner.get(`/api/sso/trials/${id}`)).status).toBe(200);
    await sql`update sso_tries set created_at = now() - interval '25 hours'`.execute(company.superDb);
    await company.change(forgetOldTrials);
    expect((await signIn.owner.get(`/api/sso/trials/${id}`)).status).toBe(404);
    expect(await entriesOf(company, "sso-trials.forgotten")).toHaveLength(1);
  });

  it("says at which check it ended, what was not reached any more, and why", async () => {
    const at = async (fault: Parameters<typeof op.with>[0]) => {
      const { checks, passed } = await reportOf(
        signIn.owner,
        (await op.with(fault, () => begin(signIn.owner))).location,
      );
      expect(passed).toBe(false);
      const failed = checks.findIndex(({ outcome }: { outcome: string }) => outcome === "failed");
      expect(checks.slice(0, failed).every(({ outcome }: { outcome: string }) => outcome === "passed")).toBe(
        true,
      );
      expect(checks.slice(failed + 1).every(({ outcome }: { outcome: string }) => outcome === "not-reached"))
        .toBe(true);
      return [checks[failed].check, checks[failed].reason];
    };
    expect(await at("wrong-aud")).toEqual(["audience", "audience"]);
    expect(await at("forged-signature")).toEqual(["signature", "signature"]);
    expect(await at("token-invalid-client")).toEqual(["exchange", "client-refused"]);
    expect(await at("access-denied")).toEqual(["answer", "refused-there"]);
    expect(await at("groups-overage")).toEqual(["groups", "groups-overage"]);
    op.person.groups = ["chess club"];
    expect(await at([])).toEqual(["role", "no-role"]);
    op.person.groups = ["dispatch"];
    op.person.amr = ["pwd"];
    expect(await at([])).toEqual(["second-factor", "second-factor"]);
    op.person.amr = ["pwd", "mfa"];
  });

  it("passes, with a word of warning, where whoever tries it has an account here that does not know the provider", async () => {
    const { person } = op;
    const owner = await employ(company, "owner");
    op.person = { ...person, sub: "u-owner", email: owner.email };
    const report = await reportOf(signIn.owner, (await begin(signIn.owner)).location);
    expect([report.passed, report.account, report.checks.at(-1)]).toEqual([true, "none", {
      check: "account",
      outcome: "warned",
      reason: "email-taken",
      facts: {},
    }]);
    op.person = person;
  });

  it("works before the provider lets anybody in, and a change asks for a new one", async () => {
    await begin(signIn.owner);
    expect((await signIn.edit({}, { enabled: false })).body.triedAt).not.toBeNull();
    expect((await reportOf(signIn.owner, (await begin(signIn.owner)).location)).passed).toBe(true);
    expect((await signIn.edit({}, { enabled: true })).body.triedAt).not.toBeNull();
    expect((await signIn.edit({ groupClaim: "roles" })).body.triedAt).toBeNull();
    await signIn.edit({ groupClaim: "groups" });
  });

  it("is for whoever may set providers up", async () => {
    const dispatcher = await company.as("dispatcher");
    const path = `/api/sso/providers/${signIn.provider.id}/trial`;
    expect((await dispatcher.post(path)).status).toBe(403);
  });
});

describe("single sign-on alone", () => {
  const policy = (edit: object, version: number) =>
    signIn.owner.patch("/api/sign-in-policy", edit, versioned(version));
  const everybody = ["owner", "admin", "dispatcher"];

  it("is switched on only with a tried provider and an account for emergencies that was opened lately", async () => {
    const { body: before } = await signIn.owner.get("/api/sign-in-policy");
    expect(before).toMatchObject({ ssoOnlyRoles: [], passkeyRoles: [] });
    await signIn.edit({ scopes: ["openid", "email"] });
    const untried = await policy({ ssoOnlyRoles: everybody }, before.version);
    expect([untried.status, untried.body.slug]).toEqual([409, "no-tried-provider"]);
    await signIn.trip(`/api/sso/providers/${signIn.provider.id}/trial`, { cookies: signIn.owner.cookie });
    const noGlass = await policy({ ssoOnlyRoles: everybody }, before.version);
    expect([noGlass.status, noGlass.body.slug]).toEqual([409, "no-break-glass"]);

    const glass = await employ(company, "owner");
    const dispatcher = await employ(company, "dispatcher");
    const edit = await signIn.owner.patch(
      `/api/accounts/${glass.accountId}`,
      { breakGlass: true },
      versioned(1),
    );
    expect(edit.body).toMatchObject({ breakGlass: true, breakGlassTestedAt: null });
    expect((await policy({ ssoOnlyRoles: everybody }, before.version)).body.slug).toBe("no-break-glass");
    expect((await glass.signIn()).status).toBe(201);

    const byPassword = await dispatcher.session();
    const byProvider = await signIn.trip();
    const on = await policy({ ssoOnlyRoles: everybody }, before.version);
    expect([on.status, on.body.ssoOnlyRoles]).toEqual([200, everybody]);

    // Who came by a password before does not stay; who came by the provider does.
    expect((await byPassword.get("/api/session")).status).toBe(401);
    expect((await company.caller({ cookie: byProvider.cookie! }).get("/api/session")).status).toBe(200);
    expect((await signIn.owner.get("/api/session")).status).toBe(200);

    const refused = await dispatcher.signIn();
    expect([refused.status, refused.body.slug, refused.headers.getSetCookie()]).toEqual([
      403,
      "sso-only",
      [],
    ]);
    expect((await glass.signIn({ code: glass.code(1) })).status).toBe(201);
    expect(await entriesOf(company, "break-glass.used")).toHaveLength(2);
    // Whoever guesses learns nothing of it.
    expect((await dispatcher.signIn({ password: "wrong-wrong-wrong" })).body.slug).toBe("sign-in-failed");
    const last = await signIn.edit({}, { enabled: false });
    expect([last.status, last.body.slug]).toEqual([409, "last-provider"]);
    expect((await signIn.owner.delete(`/api/sso/providers/${signIn.provider.id}`)).body.slug).toBe(
      "last-provider",
    );

    const off = await policy({ ssoOnlyRoles: [] }, on.body.version);
    expect(off.status).toBe(200);
    expect((await dispatcher.signIn({ code: dispatcher.code(1) })).status).toBe(201);
  });

  it("is an owner's to decide", async () => {
    const admin = await company.as("admin");
    expect((await admin.patch("/api/sign-in-policy", { ssoOnlyRoles: [] }, versioned(1))).status).toBe(403);
    const { body } = await signIn.owner.get("/api/sign-in-policy");
    expect((await policy({ ssoOnlyRoles: [] }, body.version + 7)).status).toBe(412);
    const person = await employ(company, "admin");
    // Whoever becomes a dispatcher keeps no account for emergencies.
    const kept = await employ(company, "admin");
    const marked = await signIn.owner.patch(
      `/api/accounts/${kept.accountId}`,
      { breakGlass: true },
      versioned(1),
    );
    const lower = await signIn.owner.patch(
      `/api/accounts/${kept.accountId}`,
      { role: "dispatcher" },
      versioned(marked.body.version),
    );
    expect([marked.body.breakGlass, lower.body.breakGlass]).toEqual([true, false]);
    const mark = await admin.patch(`/api/accounts/${person.accountId}`, { breakGlass: true }, versioned(1));
    expect(mark.status).toBe(403);
  });

  it("leaves a role to passkeys only when everybody has one", async () => {
    const person = await employ(company, "privacy-officer");
    const { body: { version } } = await signIn.owner.get("/api/sign-in-policy");
    const early = await policy({ passkeyRoles: ["privacy-officer"] }, version);
    expect([early.status, early.body.slug]).toEqual([409, "passkeys-missing"]);
    const client = await company.superuser("data");
    await client.query(
      `insert into passkeys (id, account_id, credential_id, public_key, sign_count, transports, rp_id, synced, sealed)
       values (gen_random_uuid(), $1, '\\x01', '\\x01', 0, '{}', 'x', false, '\\x01')`,
      [person.accountId],
    );
    expect((await policy({ passkeyRoles: ["privacy-officer"] }, version)).status).toBe(200);
    expect((await person.signIn()).body.slug).toBe("passkey-needed");
  });
});

describe("providers of the operator's file", () => {
  const file = (...providers: object[]) => ProviderFile.parse(providers);
  const listed = async () =>
    (await signIn.owner.get("/api/sso/providers")).body.items.filter(({ source }: { source: string }) =>
      source === "file"
    );

  it("come, change and go with it, and are not changed from the page", async () => {
    await followFile(
      company.services,
      file(given({ slug: "filed", clientSecret: "from-the-file", enabled: true })),
    );
    const [made] = await listed();
    expect(made).toMatchObject({ slug: "filed", enabled: true, hasSecret: true, version: 1 });
    // Both instances of the API read it at every start.
    await Promise.all(
      [1, 2].map(() =>
        followFile(
          company.services,
          file(given({ slug: "filed", clientSecret: "from-the-file", enabled: true })),
        )
      ),
    );
    expect((await listed())[0].version).toBe(1);
    const edit = await signIn.owner.patch(`/api/sso/providers/${made.id}`, { name: "Mine" }, versioned(1));
    expect([edit.status, edit.body.slug]).toEqual([409, "from-file"]);
    await followFile(
      company.services,
      file(given({ slug: "filed", name: "Renamed", clientSecret: "newer" })),
    );
    expect((await listed())[0]).toMatchObject({ name: "Renamed", enabled: false, version: 2 });
    await followFile(company.services, []);
    expect(await listed()).toEqual([]);
  });
});
