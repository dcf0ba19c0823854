import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { origin, useCompany } from "../../harness/app.ts";
import { MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { cookiesOf, employ, entriesOf } from "../person.ts";
import { type Arrival, arrivalOf, CompanySignIn, join } from "./company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn;
let count = 0;

beforeAll(async () => {
  op = await MisbehavingProvider.start({ alg: "ES256" });
  signIn = await CompanySignIn.setUp(company, op);
  await signIn.edit({
    mappings: [
      { group: "dispatch", role: "dispatcher", siteIds: [company.here] },
      { group: "hill", role: "dispatcher", siteIds: [company.there] },
      { group: "it", role: "admin", siteIds: [] },
      { group: "boss", role: "owner", siteIds: [] },
    ],
  });
});
afterAll(() => op.stop());
beforeEach(() => {
  const sub = `u-${++count}`;
  op.person = { ...op.person, sub, email: `${sub}@kestrel.example`, name: "Kim Day", groups: ["dispatch"] };
});

const meOf = async ({ cookie }: Arrival) =>
  cookie ? (await company.caller({ cookie }).get("/api/session")).body : null;
const as = ({ cookie }: Arrival) => company.caller({ cookie: cookie! });
const now = () => Math.floor(Date.now() / 1000);

describe("whoever a provider lets in and whose groups have a role", () => {
  it("gets an account at once, with the role and sites of the groups, and lands where they wanted to go", async () => {
    op.person.groups = ["hill", "dispatch", "chess club"];
    const arrival = await signIn.trip(undefined, { body: { returnTo: "/orders/new?day=2026-11-27" } });
    expect(arrival.location).toBe("/orders/new?day=2026-11-27");
    const me = await meOf(arrival);
    expect(me).toMatchObject({ name: "Kim Day", email: op.person.email, role: "dispatcher" });
    expect(me.siteIds.toSorted()).toEqual([company.here, company.there].toSorted());
    const [entry] = await entriesOf(company, "account.provided");
    expect(entry!.detail).toMatchObject({
      account: me.accountId,
      role: "dispatcher",
      provider: signIn.provider.id,
    });
  });

  it("is known by what the provider calls them and by nothing else", async () => {
    const first = await meOf(await signIn.trip());
    op.person = { ...op.person, email: "kim.married@kestrel.example" };
    expect((await meOf(await signIn.trip())).accountId).toBe(first.accountId);

    // The same address under another name is somebody else, and does not get hold of the account.
    op.person = { ...op.person, sub: "u-stranger", email: first.email };
    expect((await signIn.trip()).refused).toBe("email-taken");
  });

  it("has neither subject nor ID token in the tables to be read", async () => {
    op.person = { ...op.person, sub: "very-recognisable-subject", sid: "very-recognisable-session" };
    await signIn.trip();
    const client = await company.superuser("data");
    const { rows } = await client.query(`select encode(subject, 'escape') || encode(sealed, 'escape') as text
      from sso_identities union all select encode(sealed, 'escape') || encode(sub, 'escape') from sso_sessions
      union all select detail::text from audit_entries`);
    expect(JSON.stringify(rows)).not.toMatch(/recognisable|eyJ|Kim/);
  });

  it("has what the groups say today: another role ends every other session", async () => {
    const before = await signIn.trip();
    op.person.groups = ["it", "dispatch"];
    const after = await signIn.trip();
    expect((await meOf(after)).role).toBe("admin");
    expect((await as(before).get("/api/session")).status).toBe(401);
    const [entry] = await entriesOf(company, "account.edited");
    expect(entry!.detail).toMatchObject({ from: "dispatcher", to: "admin" });

    op.person.groups = ["chess club"];
    expect((await signIn.trip()).refused).toBe("no-role");
    expect((await as(after).get("/api/session")).status).toBe(401);
  });

  it("stays an owner where nobody else is one, whatever the groups say", async () => {
    op.person.groups = ["boss"];
    const me = await meOf(await signIn.trip());
    const client = await company.superuser("data");
    await client.query("update accounts set disabled = true where role = 'owner' and id <> $1", [
      me.accountId,
    ]);
    op.person.groups = ["dispatch"];
    expect((await meOf(await signIn.trip())).role).toBe("owner");
    await client.query("update accounts set disabled = false, activated = true where role = 'owner'");
    expect((await meOf(await signIn.trip())).role).toBe("dispatcher");
  });

  it("does not get in while disabled, nor without two factors, nor without what is required of everybody", async () => {
    const { accountId } = await meOf(await signIn.trip());
    await setDisabled(accountId, true);
    expect((await signIn.trip()).refused).toBe("disabled");
    await setDisabled(accountId, false);

    op.person.amr = ["pwd"];
    expect((await signIn.trip()).refused).toBe("second-factor");
    op.person.amr = ["otp"];
    expect((await signIn.trip()).refused).toBe("second-factor");
    op.person.amr = ["pwd", "otp"];
    await signIn.edit({ requires: [{ claim: "hd", value: "kestrel.example" }] });
    expect((await signIn.trip()).refused).toBe("required-claim");
    op.person.hd = "kestrel.example";
    expect((await signIn.trip()).refused).toBeNull();
    await signIn.edit({ requires: [] });
    delete op.person.hd;
  });

  it("gets in by the acr that was asked for, too", async () => {
    await signIn.edit({ acrValues: ["urn:two"], amrValues: [] });
    op.person = { ...op.person, amr: undefined, acr: "urn:one" };
    expect((await signIn.trip()).refused).toBe("second-factor");
    op.person.acr = "urn:two";
    expect((await signIn.trip()).refused).toBeNull();
    expect(op.asked("/authorize").at(-1)!.query.acr_values).toBe("urn:two");
    await signIn.edit({ acrValues: [], amrValues: ["mfa", "otp"] });
    op.person = { ...op.person, amr: ["pwd", "mfa"], acr: undefined };
  });

  it("finds groups below other claims, and under names that look like a path", async () => {
    await signIn.edit({ groupClaim: "realm_access.roles" });
    op.person.realm_access = { roles: ["it"] };
    expect((await meOf(await signIn.trip())).role).toBe("admin");
    op.person["realm_access.roles"] = ["dispatch"];
    expect((await meOf(await signIn.trip())).role).toBe("dispatcher");
    await signIn.edit({ groupClaim: "groups" });
    delete op.person.realm_access;
    delete op.person["realm_access.roles"];
  });

  it("keeps a role that was given here, where no group says anything of them", async () => {
    op.person.groups = [];
    const made = await signIn.owner.post("/api/accounts", {
      name: "Ada Beispiel",
      email: `ada-${count}@kestrel.example`,
      role: "auditor",
    });
    const token = new URL(made.body.invitation.link).hash.slice(1);
    const headers = { authorization: `Invitation ${token}` };
    expect((await signIn.trip("/api/sso/kestrel/invitation", { headers })).refused).toBeNull();
    expect((await meOf(await signIn.trip())).role).toBe("auditor");
    op.person.groups = ["dispatch"];
    expect((await meOf(await signIn.trip())).role).toBe("dispatcher");

    op.person = { ...op.person, sub: "u-connects", groups: [] };
    const person = await employ(company, "privacy-officer");
    const { cookie } = await person.session();
    await signIn.trip("/api/sso/kestrel/connect", { cookies: cookie });
    expect((await meOf(await signIn.trip())).role).toBe("privacy-officer");
  });

  it("gets no account where accounts are not made at once", async () => {
    await signIn.edit({ justInTime: false });
    expect((await signIn.trip()).refused).toBe("no-account");
    await signIn.edit({ justInTime: true });
  });
});

const setDisabled = async (id: string, disabled: boolean) => {
  const { body: { items } } = await signIn.owner.get("/api/accounts?limit=200");
  const account = items.find((one: { id: string }) => one.id === id);
  const headers = { "If-Match": `"${account.version}"` };
  expect((await signIn.owner.patch(`/api/accounts/${id}`, { disabled }, headers)).status).toBe(200);
};

describe("an answer", () => {
  it("counts once, and only in the browser it was asked from", async () => {
    const begun = await signIn.begin("/api/sso/kestrel/start");
    const url = await op.authorise(begun.body.location);
    expect((await signIn.arrive(url, "")).refused).toBe("not-begun-here");
    expect((await signIn.arrive(url, cookiesOf(begun))).refused).toBeNull();
    // Somebody kept both the address and the cookie.
    const again = await op.with("token-answer-twice", () => signIn.arrive(url, cookiesOf(begun)));
    expect([again.refused, again.cookie]).toEqual(["used-before", null]);
  });

  it("of two at once counts once", async () => {
    const begun = await signIn.begin("/api/sso/kestrel/start");
    const url = await op.authorise(begun.body.location);
    const both = await op.with(
      "token-answer-twice",
      () => Promise.all([1, 2].map(() => signIn.arrive(url, cookiesOf(begun)))),
    );
    expect(both.map(({ refused }) => refused).toSorted()).toEqual([null, "used-before"].toSorted());
  });

  it("is for the window it belongs to, of several that are open", async () => {
    const [one, two] = [
      await signIn.begin("/api/sso/kestrel/start"),
      await signIn.begin("/api/sso/kestrel/start"),
    ];
    const cookies = join(cookiesOf(one), cookiesOf(two));
    const second = await signIn.arrive(await op.authorise(two.body.location), cookies);
    expect(second.refused).toBeNull();
    expect((await signIn.arrive(await op.authorise(one.body.location), second.cookies)).refused).toBeNull();
  });

  it("with a cookie that was changed, or of another trip, is refused", async () => {
    const one = await signIn.begin("/api/sso/kestrel/start");
    const two = await signIn.begin("/api/sso/kestrel/start");
    const url = await op.authorise(one.body.location);
    const [name] = cookiesOf(one).split("=");
    const [, other] = cookiesOf(two).split("=");
    expect((await signIn.arrive(url, `${name}=${other}`)).refused).toBe("state");
    expect((await signIn.arrive(url, `${name}=AAAA`)).refused).toBe("too-late");
  });

  it("of one provider is none of another's (RFC 9700, 4.4)", async () => {
    const evil = await MisbehavingProvider.start({ alg: "ES256" });
    const other = await signIn.owner.post("/api/sso/providers", {
      slug: "evil",
      name: "Evil",
      issuer: evil.issuer,
      clientId: evil.clientId,
      clientSecret: evil.clientSecret,
      enabled: true,
      settings: { everybody: { role: "dispatcher", siteIds: [company.here] }, justInTime: true },
    });
    expect(other.status).toBe(201);
    // Begun at the one, answered to the address of the other.
    const begun = await signIn.begin("/api/sso/kestrel/start");
    const url = await op.authorise(begun.body.location);
    const mixed = new URL(url.href.replace("/sso/kestrel/", "/sso/evil/"));
    expect((await signIn.arrive(mixed, cookiesOf(begun))).refused).toBe("not-begun-here");
    expect(evil.asked("/token")).toEqual([]);
    // Begun at the evil one, which lets the honest one answer: its code never goes to the evil one.
    const lured = await signIn.begin("/api/sso/evil/start");
    const theirs = new URL(lured.body.location);
    const honest = new URL(begun.body.location);
    honest.searchParams.set("state", theirs.searchParams.get("state")!);
    honest.searchParams.set("redirect_uri", theirs.searchParams.get("redirect_uri")!);
    const answer = await op.authorise(honest.href);
    expect((await signIn.arrive(answer, cookiesOf(lured))).refused).toBe("response-issuer");
    expect(evil.asked("/token")).toEqual([]);
    await signIn.owner.delete(`/api/sso/providers/${other.body.id}`);
    await evil.stop();
  });

  it("comes by a form where the provider posts it, as AD FS does", async () => {
    await signIn.edit({ responseMode: "form_post" });
    const begun = await signIn.begin("/api/sso/kestrel/start");
    expect(begun.body.location).toContain("response_mode=form_post");
    const { action, fields } = await op.formPost(begun.body.location);
    expect(action).toBe(`${origin}/sso/kestrel/callback`);
    // The browser sends no cookie of ours with another site's form.
    const posted = await company.app.request(action, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site" },
      body: new URLSearchParams({ ...fields, more: "ignored" }),
    });
    expect(posted.status).toBe(303);
    const url = new URL(posted.headers.get("location")!, origin);
    expect(url.searchParams.get("more")).toBeNull();
    expect((await signIn.arrive(url, cookiesOf(begun))).refused).toBeNull();
    await signIn.edit({ responseMode: "query" });
  });

  it("leads nowhere but to a page of ours", async () => {
    for (
      const returnTo of [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a b",
      ]
    ) {
      const answer = await signIn.begin("/api/sso/kestrel/start", { body: { returnTo } });
      expect([returnTo, answer.status]).toEqual([returnTo, 422]);
    }
  });

  it("tells in a header and an address nothing that was secret", async () => {
    const arrival = await signIn.trip();
    const headers = JSON.stringify([...arrival.answer.headers]);
    expect(headers).not.toMatch(/eyJ|code=/);
    expect(company.logged.join("")).not.toMatch(/code=|eyJ/);
  });

  it("by the thousand from one address is slowed down", async () => {
    const answers: (string | null)[] = [];
    for (let at = 0; at < 70; at++) {
      const answer = await company.app.request(`${origin}/sso/kestrel/callback?state=x&code=y`, {}, {
        remoteAddr: { transport: "tcp", hostname: "198.51.100.9", port: 1 },
      });
      answers.push(arrivalOf(company, { status: 303, headers: answer.headers, body: null }, "").refused);
    }
    expect(answers[0]).toBe("not-begun-here");
    expect(answers.at(-1)).toBe("too-many-attempts");
  });
});

describe("a session that began at a provider", () => {
  it("is as fresh as the sign-in there, and is proved anew by signing in there again", async () => {
    op.person = { ...op.person, groups: ["boss"], auth_time: now() - 8 * 3600 };
    const arrival = await signIn.trip();
    const key = { name: "Shop", rights: ["orders.read"], siteIds: [company.here], days: 1 };
    expect((await as(arrival).post("/api/keys", key)).body.slug).toBe("fresh-proof-needed");

    op.person.auth_time = now();
    const proof = await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies });
    expect(proof.location).toBe("/proof");
    expect(op.asked("/authorize").at(-1)!.query).toMatchObject({ prompt: "login", max_age: "0" });
    expect(proof.cookie).not.toBe(arrival.cookie);
    expect((await as(proof).post("/api/keys", key)).status).toBe(201);
  });

  it("is not proved by an old sign-in, by somebody else, or for another session", async () => {
    op.person = { ...op.person, auth_time: now() - 3600 };
    const arrival = await signIn.trip();
    const old = await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies });
    expect([old.refused, old.cookie]).toEqual(["logged-in-too-long-ago", null]);
    op.person.auth_time = undefined;
    expect((await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies })).refused).toBe(
      "logged-in-too-long-ago",
    );
    op.person = { ...op.person, auth_time: now(), sub: "u-somebody-else" };
    expect((await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies })).refused).toBe(
      "another-person",
    );
    const begun = await signIn.begin("/api/sso/kestrel/proof", { cookies: arrival.cookies });
    const url = await op.authorise(begun.body.location);
    expect((await signIn.arrive(url, cookiesOf(begun))).refused).toBe("not-begun-here");
    delete op.person.auth_time;
  });

  it("of a provider that never says when somebody signed in is proved by coming back from it", async () => {
    await signIn.edit({ proofBy: "return" });
    op.person = { ...op.person, groups: ["boss"], auth_time: undefined };
    const arrival = await signIn.trip();
    const key = { name: "Shop", rights: ["orders.read"], siteIds: [company.here], days: 1 };
    expect((await as(arrival).post("/api/keys", key)).status).toBe(201);
    const me = await meOf(arrival);
    await company.superDb.updateTable("sessions").set({ provenAt: new Date(0) }).where(
      "id",
      "=",
      me.sessionId,
    )
      .execute();
    expect((await as(arrival).post("/api/keys", key)).body.slug).toBe("fresh-proof-needed");
    const proof = await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies });
    expect(proof.location).toBe("/proof");
    expect(op.asked("/authorize").at(-1)!.query).toMatchObject({ prompt: "login" });
    expect((await as(proof).post("/api/keys", key)).status).toBe(201);
    // One that says it all the same is taken at its word.
    op.person.auth_time = now() - 3600;
    const old = await signIn.trip("/api/sso/kestrel/proof", { cookies: proof.cookies });
    expect(old.refused).toBe("logged-in-too-long-ago");
    delete op.person.auth_time;
    await signIn.edit({ proofBy: "auth-time" });
  });

  it("ends here first and then there", async () => {
    const arrival = await signIn.trip();
    const { status, body: { location } } = await as(arrival).post("/api/sso/sign-out");
    expect(status).toBe(200);
    const url = new URL(location);
    expect(url.pathname).toBe("/end-session");
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${origin}/sign-in`);
    expect(url.searchParams.get("id_token_hint")).toMatch(/^eyJ/);
    expect((await as(arrival).get("/api/session")).status).toBe(401);
  });

  it("ends here even if the provider is away, offers no such thing, or is not to be asked", async () => {
    for (const fault of ["discovery-without-logout", "discovery-not-json"] as const) {
      const arrival = await signIn.trip();
      const answer = await op.with(fault, () => as(arrival).post("/api/sso/sign-out"));
      expect([fault, answer.status, answer.body.location]).toEqual([fault, 200, null]);
      expect((await as(arrival).get("/api/session")).status).toBe(401);
    }
    const owner = await company.as("owner");
    expect((await owner.post("/api/sso/sign-out")).body).toEqual({ location: null });
  });

  it("goes on while the provider is away, of which whoever wants to sign in is told", async () => {
    const arrival = await signIn.trip();
    const { outside } = company.services;
    await op.with("discovery-not-json", async () => {
      const answer = await signIn.begin("/api/sso/kestrel/start");
      expect([answer.status, answer.body.title]).toEqual([502, "Kestrel sign-in cannot be asked right now"]);
      expect((await as(arrival).get("/api/session")).status).toBe(200);
    });
    company.services.outside = outside;
  });

  it("ends when the provider is switched off or removed", async () => {
    const arrival = await signIn.trip();
    await signIn.edit({}, { enabled: false });
    expect((await as(arrival).get("/api/session")).status).toBe(401);
    expect((await signIn.begin("/api/sso/kestrel/start")).status).toBe(404);
    await signIn.edit({}, { enabled: true });
    expect((await signIn.trip()).refused).toBeNull();
  });
});

describe("an invitation", () => {
  const invited = async (role = "auditor") =>
    (await signIn.owner.post("/api/accounts", {
      name: "Ada Beispiel",
      email: `${role}-${++count}@kestrel.example`,
      role,
    }))
      .body;
  const tokenOf = (body: { invitation: { link: string } }) => ({
    authorization: `Invitation ${body.invitation.link.split("#")[1]}`,
  });

  it("is accepted with the provider's account in the place of a password, once", async () => {
    const body = await invited();
    const arrival = await signIn.trip("/api/sso/kestrel/invitation", { headers: tokenOf(body) });
    expect(arrival.location).toBe("/");
    // Whoever was invited has the role they were invited with, and the name.
    expect(await meOf(arrival)).toMatchObject({ name: "Ada Beispiel", role: "auditor" });
    const again = await signIn.begin("/api/sso/kestrel/invitation", { headers: tokenOf(body) });
    expect([again.status, again.body.slug]).toEqual([401, "link-not-valid"]);
    const own = await as(arrival).get("/api/sso/own");
    expect(own.body).toMatchObject({ session: { slug: "kestrel" }, hasPassword: false, others: [] });
    expect(own.body.connected).toHaveLength(1);
  });

  it("of two who hold it at once is one's", async () => {
    const headers = tokenOf(await invited());
    const begun = await Promise.all(
      [1, 2].map(() => signIn.begin("/api/sso/kestrel/invitation", { headers })),
    );
    const urls = [];
    for (const [at, { body }] of begun.entries()) {
      op.person = { ...op.person, sub: `u-twin-${at}` };
      urls.push(await op.authorise(body.location));
    }
    const both = await Promise.all(urls.map((url, at) => signIn.arrive(url, cookiesOf(begun[at]!))));
    expect(both.map(({ refused }) => refused).toSorted()).toEqual(["link-not-valid", null].toSorted());
  });

  it("is not accepted by an account that is somebody's here already", async () => {
    await signIn.trip();
    const arrival = await signIn.trip("/api/sso/kestrel/invitation", { headers: tokenOf(await invited()) });
    expect([arrival.refused, arrival.cookie]).toEqual(["taken", null]);
  });

  it("needs its link", async () => {
    expect((await signIn.begin("/api/sso/kestrel/invitation")).status).toBe(401);
    const wrong = await signIn.begin("/api/sso/kestrel/invitation", {
      headers: { authorization: "Invitation made-up" },
    });
    expect([wrong.status, wrong.body.slug]).toEqual([401, "link-not-valid"]);
  });
});

describe("a provider", () => {
  it("is added to one's account and taken from it, while something else opens it", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    const arrival = await signIn.trip("/api/sso/kestrel/connect", { cookies: session.cookie });
    expect(arrival.location).toBe("/account?connected=kestrel");
    expect((await meOf(await signIn.trip())).accountId).toBe(person.accountId);

    const { body } = await session.get("/api/sso/own");
    expect(body).toMatchObject({ hasPassword: true, session: null, others: [] });
    expect((await session.delete(`/api/sso/own/${body.connected[0].id}`)).status).toBe(204);
    expect((await session.get("/api/sso/own")).body.connected).toEqual([]);
  });

  it("stays where nothing else opens the account", async () => {
    const arrival = await signIn.trip();
    const { body } = await as(arrival).get("/api/sso/own");
    op.person.auth_time = now();
    const proof = await signIn.trip("/api/sso/kestrel/proof", { cookies: arrival.cookies });
    const answer = await as(proof).delete(`/api/sso/own/${body.connected[0].id}`);
    expect([answer.status, answer.body.slug]).toEqual([409, "last-way-in"]);
    delete op.person.auth_time;
  });

  it("is not added for whoever is known there as somebody else, nor in another's session", async () => {
    await signIn.trip();
    const session = await (await employ(company, "dispatcher")).session();
    const taken = await signIn.trip("/api/sso/kestrel/connect", { cookies: session.cookie });
    expect(taken.location).toBe("/account?refused=taken&by=kestrel");
    op.person.sub = "u-fresh";
    const begun = await signIn.begin("/api/sso/kestrel/connect", { cookies: session.cookie });
    const url = await op.authorise(begun.body.location);
    // Lured: the attacker's answer in the browser of somebody else.
    const victim = await (await employ(company, "dispatcher")).session();
    const lured = await signIn.arrive(url, join(victim.cookie, cookiesOf(begun)));
    expect(lured.refused).toBe("not-begun-here");
    expect((await victim.get("/api/sso/own")).body.connected).toEqual([]);
  });
});
