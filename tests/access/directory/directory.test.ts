import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, origin, useCompany } from "../../harness/app.ts";
import { MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { employ, entriesOf } from "../person.ts";
import { CompanySignIn } from "../sso/company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn, token: string;
let count = 0;

beforeAll(async () => {
  op = await MisbehavingProvider.start({ alg: "ES256" });
  signIn = await CompanySignIn.setUp(company, op, {
    settings: {
      rolesFrom: "directory",
      justInTime: false,
      mappings: [
        { group: "Dispatch", role: "dispatcher", siteIds: [company.here] },
        { group: "IT", role: "admin", siteIds: [] },
        { group: "Board", role: "owner", siteIds: [] },
      ],
    },
  });
  const made = await signIn.owner.post(`/api/sso/providers/${signIn.provider.id}/directory/key`, {
    days: 30,
  });
  expect(made.status).toBe(201);
  token = made.body.token;
});
afterAll(() => op.stop());

/** A request as a directory sends it. */
const scim = (method: string, path: string, body?: unknown, bearer = token): Promise<Answer> => {
  const caller = company.caller({
    authorization: `Bearer ${bearer}`,
    ...(body !== undefined && { "content-type": "application/scim+json" }),
  });
  const at = `/scim/v2${path}`;
  return method === "GET"
    ? caller.get(at)
    : method === "DELETE"
    ? caller.delete(at)
    : caller[method.toLowerCase() as "post" | "put" | "patch"](at, body);
};

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/** As Entra ID sends somebody new. */
const entraUser = (name = `kim-${++count}`) => ({
  schemas: [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
  externalId: `0a21f0f2-${name}`,
  userName: `${name}@kestrel.example`,
  active: true,
  emails: [{ primary: true, type: "work", value: `${name}@kestrel.example` }],
  meta: { resourceType: "User" },
  name: { formatted: "Kim Day", familyName: "Day", givenName: "Kim" },
  displayName: "Kim Day",
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { department: "Harbour" },
});
const patch = (...Operations: unknown[]) => ({ schemas: [PATCH], Operations });

const userMade = async (name?: string) => (await scim("POST", "/Users", entraUser(name))).body;
const groups = new Map<string, string>();
const group = async (displayName: string): Promise<string> => {
  if (!groups.has(displayName)) {
    const made = await scim("POST", "/Groups", {
      schemas: [GROUP],
      displayName,
      externalId: `g-${displayName}`,
    });
    expect(made.status).toBe(201);
    groups.set(displayName, made.body.id);
  }
  return groups.get(displayName)!;
};
const join = async (displayName: string, ...ids: string[]) =>
  await scim(
    "PATCH",
    `/Groups/${await group(displayName)}`,
    patch({
      op: "Add",
      path: "members",
      value: ids.map((value) => ({ value })),
    }),
  );
const leave = async (displayName: string, id: string) =>
  await scim(
    "PATCH",
    `/Groups/${await group(displayName)}`,
    patch({
      op: "Remove",
      path: `members[value eq "${id}"]`,
    }),
  );

const accountOf = async (userName: string) => {
  const { body: { items } } = await signIn.owner.get("/api/accounts?limit=200");
  return items.find(({ email }: { email: string }) => email === userName);
};

describe("a directory", () => {
  it("shows a key, and nothing is told to whoever has none", async () => {
    for (const bearer of ["", "made-up", token.slice(0, -1)]) {
      const answer = await scim("GET", "/Users", undefined, bearer);
      expect([answer.status, answer.body.status, answer.headers.get("www-authenticate")]).toEqual([
        401,
        "401",
        "Bearer",
      ]);
    }
    expect((await scim("GET", "/ServiceProviderConfig", undefined, "made-up")).status).toBe(401);
    expect((await entriesOf(company, "directory.refused")).length).toBeGreaterThan(2);
    // A session is no key, and a key no session.
    expect((await signIn.owner.get("/scim/v2/Users")).status).toBe(401);
    expect((await company.caller({ authorization: `Bearer ${token}` }).get("/api/session")).status).toBe(401);
  });

  it("is told what is spoken here", async () => {
    const { body } = await scim("GET", "/ServiceProviderConfig");
    expect(body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true },
    });
    const types = (await scim("GET", "/ResourceTypes")).body;
    expect(types.Resources.map(({ name }: { name: string }) => name).toSorted()).toEqual(["Group", "User"]);
    expect((await scim("GET", `/Schemas/${USER}`)).body.id).toBe(USER);
    expect((await scim("GET", "/Nothing")).status).toBe(404);
  });

  it("makes somebody, who has no account until a group gives them a role", async () => {
    const { status, body, headers } = await scim("POST", "/Users", entraUser("no-role"));
    expect([status, body.userName, body.active]).toEqual([201, "no-role@kestrel.example", true]);
    expect(headers.get("location")).toBe(`${origin}/scim/v2/Users/${body.id}`);
    expect(headers.get("content-type")).toContain("application/scim+json");
    expect(await accountOf("no-role@kestrel.example")).toBeUndefined();
    expect((await join("Dispatch", body.id)).status).toBe(200);
    expect(await accountOf("no-role@kestrel.example")).toMatchObject({
      name: "Kim Day",
      role: "dispatcher",
      siteIds: [company.here],
      state: "active",
    });
  });

  it("lets whoever it made sign in by what it calls them", async () => {
    const user = await userMade("signs-in");
    await join("Dispatch", user.id);
    op.person = { ...op.person, sub: user.externalId, email: "another@kestrel.example", groups: [] };
    const arrival = await signIn.trip();
    expect(arrival.refused).toBeNull();
    const me = (await company.caller({ cookie: arrival.cookie! }).get("/api/session")).body;
    expect(me).toMatchObject({ email: "signs-in@kestrel.example", role: "dispatcher" });
    op.person = { ...op.person, sub: "u-nobody-sent" };
    expect((await signIn.trip()).refused).toBe("no-account");
  });

  for (
    const [who, operation] of [
      ["Entra ID", { op: "Replace", path: "active", value: "False" }],
      ["Entra ID, newer", { op: "replace", path: "active", value: false }],
      ["Okta", { op: "replace", value: { active: false } }],
      ["another", { op: "Replace", value: { active: "False" } }],
    ] as const
  ) {
    it(`ends account and sessions at once when somebody leaves, as ${who} says it`, async () => {
      const user = await userMade();
      await join("Dispatch", user.id);
      op.person = { ...op.person, sub: user.externalId };
      const arrival = await signIn.trip();
      const caller = company.caller({ cookie: arrival.cookie! });
      expect((await caller.get("/api/session")).status).toBe(200);
      const answer = await scim("PATCH", `/Users/${user.id}`, patch(operation));
      expect([answer.status, answer.body.active]).toEqual([200, false]);
      expect((await caller.get("/api/session")).status).toBe(401);
      expect((await accountOf(user.userName)).state).toBe("disabled");
      expect((await signIn.trip()).refused).toBe("disabled");
      // And back again, as what they were.
      await scim("PATCH", `/Users/${user.id}`, patch({ op: "Replace", path: "active", value: "True" }));
      expect(await accountOf(user.userName)).toMatchObject({ state: "active", role: "dispatcher" });
    });
  }

  it("changes the role with the groups, and closes the account with the last one", async () => {
    const user = await userMade();
    await join("Dispatch", user.id);
    await join("IT", user.id);
    expect(await accountOf(user.userName)).toMatchObject({ role: "admin", state: "active" });
    expect((await leave("IT", user.id)).status).toBe(200);
    expect(await accountOf(user.userName)).toMatchObject({ role: "dispatcher", state: "active" });
    await leave("Dispatch", user.id);
    expect((await accountOf(user.userName)).state).toBe("disabled");
    const members = (await scim("GET", `/Groups/${await group("Dispatch")}`)).body.members ?? [];
    expect(members.some(({ value }: { value: string }) => value === user.id)).toBe(false);
  });

  it("changes names, and keeps nothing it was not asked to keep", async () => {
    const user = await userMade();
    await join("Dispatch", user.id);
    const answer = await scim(
      "PATCH",
      `/Users/${user.id}`,
      patch(
        { op: "Replace", path: "displayName", value: "Kim Night" },
        { op: "Replace", path: "name.familyName", value: "Night" },
        { op: "Replace", path: 'emails[type eq "work"].value', value: "night@kestrel.example" },
        { op: "Add", path: "phoneNumbers", value: [{ type: "work", value: "+49 30 23125 102" }] },
      ),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ displayName: "Kim Night", name: { familyName: "Night" } });
    expect((await accountOf(user.userName)).name).toBe("Kim Night");
    expect(JSON.stringify((await scim("GET", `/Users/${user.id}`)).body)).not.toContain("23125");
    const replaced = await scim("PUT", `/Users/${user.id}`, { ...entraUser("put"), userName: user.userName });
    expect([replaced.status, replaced.body.displayName]).toEqual([200, "Kim Day"]);
  });

  it("finds whom it asks for by the filters that Entra ID and Okta send", async () => {
    const user = await userMade("To-Be.Found");
    const found = async (filter: string) =>
      (await scim("GET", `/Users?filter=${encodeURIComponent(filter)}`)).body;
    for (
      const filter of [
        'userName eq "to-be.found@KESTREL.example"',
        `externalId eq "${user.externalId}"`,
        `id eq "${user.id}"`,
        'emails[type eq "work"].value eq "To-Be.Found@kestrel.example"',
        'userName eq "To-Be.Found@kestrel.example" and active eq true',
        'userName eq "To-Be.Found@kestrel.example" and name.familyName pr',
      ]
    ) {
      const body = await found(filter);
      expect([filter, body.totalResults, body.Resources?.[0]?.id]).toEqual([filter, 1, user.id]);
    }
    expect(await found('userName eq "nobody@kestrel.example"')).toMatchObject({
      totalResults: 0,
      Resources: [],
    });
    const page = (await scim("GET", "/Users?startIndex=2&count=1")).body;
    expect([page.startIndex, page.itemsPerPage, page.Resources.length]).toEqual([2, 1, 1]);
    expect(page.totalResults).toBeGreaterThan(3);
    const named = `/Groups?excludedAttributes=members&filter=${
      encodeURIComponent('displayName eq "dispatch"')
    }`;
    const groups = (await scim("GET", named)).body;
    expect([groups.totalResults, groups.Resources[0].members]).toEqual([1, undefined]);
    const wrong = await scim("GET", `/Users?filter=${encodeURIComponent("userName is kim")}`);
    expect([wrong.status, wrong.body.scimType]).toEqual([400, "invalidFilter"]);
  });

  it("is told what it sends twice, or badly, and nothing of it is kept", async () => {
    const user = await userMade("twice");
    const again = await scim("POST", "/Users", { ...entraUser("twice"), externalId: "other" });
    expect([again.status, again.body.scimType]).toEqual([409, "uniqueness"]);
    const id = await group("Dispatch");
    expect((await scim("POST", "/Groups", { schemas: [GROUP], displayName: "Dispatch" })).status).toBe(409);
    const stranger = "01890a5d-ac96-774b-bcce-b302099a8057";
    const before = (await scim("GET", `/Groups/${id}`)).body.members.length;
    expect((await join("Dispatch", user.id, stranger)).status).toBe(400);
    expect((await scim("GET", `/Groups/${id}`)).body.members.length).toBe(before);
    for (const bad of [{}, { schemas: [USER] }, { schemas: [USER], userName: "x", active: "perhaps" }, []]) {
      expect((await scim("POST", "/Users", bad)).status, JSON.stringify(bad)).toBe(400);
    }
    for (const displayName of ["\0", "two\nlines", "x".repeat(501), "\ud800"]) {
      const group = await scim("POST", "/Groups", { schemas: [GROUP], displayName });
      expect([displayName.slice(0, 9), group.status]).toEqual([displayName.slice(0, 9), 400]);
    }
    for (const filter of ['displayName eq "\0"', 'displayName eq "\ud800"']) {
      const found = await scim("GET", `/Groups?filter=${encodeURIComponent(filter.toWellFormed())}`);
      expect(found.body.totalResults).toBe(0);
    }
    const odd = await scim("POST", "/Users", {
      ...entraUser(),
      userName: "o\0dd",
      displayName: "\0",
      externalId: "\0",
    });
    expect(odd.status).toBe(201);
    expect((await join("Dispatch", odd.body.id)).status).toBe(200);
    for (const path of ["/Users/nobody", `/Users/${stranger}`, "/Groups/x", `/Groups/${stranger}`]) {
      for (const method of ["GET", "DELETE"]) {
        expect((await scim(method, path)).status, `${method} ${path}`).toBe(404);
      }
      expect((await scim("PATCH", path, patch({ op: "replace", path: "active", value: false }))).status).toBe(
        404,
      );
    }
    const text = await company.app.request(`${origin}/scim/v2/Users`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      body: "{",
    });
    expect([text.status, (await text.json()).schemas]).toEqual([400, [
      "urn:ietf:params:scim:api:messages:2.0:Error",
    ]]);
    expect(await accountOf("twice@kestrel.example")).toBeUndefined();
  });

  it("does not take over the account of somebody who has that address already", async () => {
    const person = await employ(company, "admin");
    const user =
      (await scim("POST", "/Users", { ...entraUser(), userName: person.email, emails: undefined })).body;
    const answer = await join("IT", user.id);
    expect([answer.status, answer.body.scimType]).toEqual([409, "uniqueness"]);
    const members = (await scim("GET", `/Groups/${await group("IT")}`)).body.members ?? [];
    expect(members.some(({ value }: { value: string }) => value === user.id)).toBe(false);
    expect((await person.signIn()).status).toBe(201);
  });

  it("does not close an account for emergencies, nor the company's last owner's", async () => {
    const user = await userMade();
    await join("Board", user.id);
    const { id, version } = await accountOf(user.userName);
    const client = await company.superuser("data");
    await client.query("update accounts set disabled = true where role = 'owner' and id <> $1", [id]);
    const answer = await scim(
      "PATCH",
      `/Users/${user.id}`,
      patch({ op: "replace", path: "active", value: false }),
    );
    expect([answer.status, answer.body.scimType]).toEqual([400, "mutability"]);
    await client.query("update accounts set disabled = false, activated = true where role = 'owner'");
    const glass = await signIn.owner.patch(`/api/accounts/${id}`, { breakGlass: true }, {
      "If-Match": `"${version}"`,
    });
    expect(glass.status).toBe(200);
    expect(
      (await scim("PATCH", `/Users/${user.id}`, patch({ op: "replace", path: "active", value: false })))
        .status,
    )
      .toBe(200);
    expect((await accountOf(user.userName)).state).toBe("active");
  });

  it("forgets somebody, whose account is closed, and takes them up again as who they were", async () => {
    const user = await userMade("leaves");
    await join("Dispatch", user.id);
    const { id } = await accountOf(user.userName);
    expect((await scim("DELETE", `/Users/${user.id}`)).status).toBe(204);
    expect((await scim("GET", `/Users/${user.id}`)).status).toBe(404);
    expect((await accountOf(user.userName)).state).toBe("disabled");
    const again = await userMade("leaves");
    await join("Dispatch", again.id);
    expect(await accountOf(user.userName)).toMatchObject({ id, state: "active" });
  });

  it("closes what a group gave when the group goes", async () => {
    const user = await userMade();
    const made = await scim("POST", "/Groups", {
      schemas: [GROUP],
      displayName: "Night shift",
      members: [{ value: user.id }],
    });
    expect(made.status).toBe(201);
    expect(await accountOf(user.userName)).toBeUndefined();
    // It becomes one that has a role, by its name.
    await scim("DELETE", `/Groups/${await group("Dispatch")}`);
    groups.delete("Dispatch");
    await scim(
      "PATCH",
      `/Groups/${made.body.id}`,
      patch({ op: "replace", value: { displayName: "Dispatch" } }),
    );
    expect((await accountOf(user.userName)).state).toBe("active");
    expect((await scim("DELETE", `/Groups/${made.body.id}`)).status).toBe(204);
    expect((await accountOf(user.userName)).state).toBe("disabled");
  });

  it("may send a group's members one by one and all at once without losing any", async () => {
    const users = await Promise.all(Array.from({ length: 8 }, () => userMade()));
    await group("Dispatch");
    const answers = await Promise.all(users.map(({ id }) => join("Dispatch", id)));
    expect(answers.map(({ status }) => status)).toEqual(users.map(() => 200));
    const members = (await scim("GET", `/Groups/${await group("Dispatch")}`)).body.members;
    expect(users.every(({ id }) => members.some(({ value }: { value: string }) => value === id))).toBe(true);
  });

  it("has nothing that is somebody's in the tables to be read, in a log or in the trail", async () => {
    await userMade("very-recognisable");
    const client = await company.superuser("data");
    const { rows } = await client.query(
      "select encode(user_name, 'escape') || encode(external_id, 'escape') || encode(sealed, 'escape') as text from directory_users",
    );
    const trail = await client.query("select detail::text from audit_entries where act like 'directory%'");
    const all = JSON.stringify([rows, trail.rows]) + company.logged.join("");
    expect(all).not.toMatch(/recognisable|Kim Day|fleethold_scim_/);
  });

  it("sees nothing of another provider's", async () => {
    const user = await userMade();
    const other = await signIn.owner.post("/api/sso/providers", {
      slug: "other",
      name: "Other",
      issuer: "https://login.other.example",
      clientId: "x",
      settings: {},
    });
    const key = await signIn.owner.post(`/api/sso/providers/${other.body.id}/directory/key`, { days: 1 });
    expect((await scim("GET", `/Users/${user.id}`, undefined, key.body.token)).status).toBe(404);
    expect((await scim("GET", "/Users", undefined, key.body.token)).body.totalResults).toBe(0);
    const made = await scim("POST", "/Groups", {
      schemas: [GROUP],
      displayName: "X",
      members: [{ value: user.id }],
    }, key.body.token);
    expect(made.status).toBe(400);
  });

  it("takes up somebody who had an account before they were sent, once they have connected the provider", async () => {
    const person = await employ(company, "admin");
    const sent = { ...entraUser(), userName: person.email, emails: undefined };
    const user = (await scim("POST", "/Users", sent)).body;
    expect((await join("Dispatch", user.id)).status).toBe(409);
    const { cookie } = await person.session();
    op.person = { ...op.person, sub: sent.externalId };
    expect((await signIn.trip("/api/sso/kestrel/connect", { cookies: cookie })).refused).toBeNull();
    expect((await join("Dispatch", user.id)).status).toBe(200);
    expect(await accountOf(person.email)).toMatchObject({ id: person.accountId, role: "dispatcher" });
    expect((await scim("GET", `/Users/${user.id}`)).body.userName).toBe(person.email);
    await scim("PATCH", `/Users/${user.id}`, patch({ op: "replace", path: "active", value: false }));
    expect((await accountOf(person.email)).state).toBe("disabled");
  });

  it("decides no role where roles come with the sign-in, and still closes what belongs to whoever left", async () => {
    await signIn.edit({ rolesFrom: "provider", groupClaim: "groups", justInTime: true });
    const sent = entraUser();
    op.person = { ...op.person, sub: sent.externalId, email: sent.userName, groups: ["Dispatch"] };
    const arrival = await signIn.trip();
    const isIn = async () =>
      (await company.caller({ cookie: arrival.cookie! }).get("/api/session")).status === 200;
    const user = (await scim("POST", "/Users", sent)).body;
    await scim("PATCH", `/Users/${user.id}`, patch({ op: "replace", path: "displayName", value: "Kim" }));
    expect(await isIn()).toBe(true);
    await scim("PATCH", `/Users/${user.id}`, patch({ op: "replace", path: "active", value: false }));
    expect(await isIn()).toBe(false);
    await signIn.edit({ rolesFrom: "directory", justInTime: false });
  });

  it("gets no key by an admin's hand where its groups make owners", async () => {
    const admin = await company.as("admin");
    const at = `/api/sso/providers/${signIn.provider.id}/directory/key`;
    expect((await admin.post(at, { days: 1 })).status).toBe(403);
    expect((await scim("GET", "/Users")).status).toBe(200);
  });

  it("is counted on the page, and ends with its key", async () => {
    const at = `/api/sso/providers/${signIn.provider.id}/directory`;
    const { body } = await signIn.owner.get(at);
    expect(body).toMatchObject({ address: `${origin}/scim/v2`, key: { start: token.slice(0, 21) } });
    expect(body.groups.find(({ name }: { name: string }) => name === "IT")).toMatchObject({ mapped: true });
    expect(body.key.lastUsedAt).not.toBeNull();
    expect((await signIn.owner.delete(`${at}/key`)).status).toBe(204);
    expect((await scim("GET", "/Users")).status).toBe(401);
  });
});
