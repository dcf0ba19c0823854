import { beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { forgetAnsweredChallenges } from "../../server/access/once.ts";
import { useCompany } from "../harness/app.ts";
import { codeOf, cookiesOf, employ, entriesOf, type Person } from "./person.ts";
import { type Otherwise, SoftwareAuthenticator } from "./software_authenticator.ts";

const company = useCompany();
const home = "https://deliveries.kestrel.example";
const anybody = (headers?: Record<string, string>) => company.caller(headers);
type Session = Awaited<ReturnType<Person["session"]>>;

beforeAll(() => {
  company.services.config.FLEETHOLD_PUBLIC_URL = home;
});

/** A passkey on a device of this person, known to the product. */
async function equipped(person: Person, session?: Session) {
  const device = new SoftwareAuthenticator(home);
  const caller = session ?? await person.session();
  const added = await enrol(caller, device, "Work laptop");
  expect(added.status).toBe(201);
  return { device, caller, passkey: added.body as { id: string; name: string } };
}

async function enrol(caller: Session, device: SoftwareAuthenticator, name: string, otherwise?: Otherwise) {
  const { body: { options, ticket } } = await caller.post("/api/passkeys/challenge");
  return await caller.post("/api/passkeys", { ticket, name, response: device.create(options, otherwise) });
}

async function signIn(device: SoftwareAuthenticator, otherwise?: Otherwise) {
  const { body: { options, ticket } } = await anybody().post("/api/session/passkey/challenge");
  return await anybody().post("/api/session/passkey", { ticket, response: device.get(options, otherwise) });
}

describe("a passkey", () => {
  it("opens its owner's account alone, and nothing is typed", async () => {
    const person = await employ(company, "dispatcher");
    const { device, passkey } = await equipped(person);
    const entered = await signIn(device);
    expect([entered.status, entered.body.accountId]).toEqual([201, person.accountId]);
    const session = anybody({ cookie: cookiesOf(entered) });
    expect((await session.get("/api/session")).status).toBe(200);
    const { items } = (await session.get("/api/passkeys")).body;
    expect(items).toEqual([
      {
        id: passkey.id,
        name: "Work laptop",
        host: "deliveries.kestrel.example",
        synced: true,
        createdAt: expect.any(String),
        lastUsedAt: expect.any(String),
      },
    ]);
    expect((await entriesOf(company, "passkey.added"))[0]!.detail).toMatchObject({
      account: person.accountId,
      passkey: passkey.id,
    });
    expect((await signIn(device)).status).toBe(201);
  });

  it("is asked for so that finger, face or PIN are needed, by a name nobody typed", async () => {
    const person = await employ(company, "dispatcher");
    const { caller } = await equipped(person);
    const { options } = (await caller.post("/api/passkeys/challenge")).body;
    expect(options).toMatchObject({
      rp: { id: "deliveries.kestrel.example", name: "Kestrel Couriers" },
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    });
    expect(options.excludeCredentials).toHaveLength(1);
    const { options: anyones } = (await anybody().post("/api/session/passkey/challenge")).body;
    expect(anyones).toMatchObject({ userVerification: "required", allowCredentials: [] });
  });

  it("keeps its name sealed", async () => {
    const person = await employ(company, "dispatcher");
    const { passkey } = await equipped(person);
    const { rows: [row] } = await sql<{ row: string }>`
      select passkeys::text as row from passkeys where id = ${passkey.id}`.execute(company.superDb);
    expect(row!.row).not.toContain("Work laptop");
    expect(row!.row).not.toContain(
      Array.from(new TextEncoder().encode("Work laptop"), (byte) => byte.toString(16)).join(""),
    );
  });

  it("can be renamed and removed by its owner, and by nobody else", async () => {
    const person = await employ(company, "dispatcher");
    const { device, caller, passkey } = await equipped(person);
    const other = await person.session();
    const stranger = await (await employ(company, "owner")).session();
    const path = `/api/passkeys/${passkey.id}`;
    expect((await stranger.patch(path, { name: "Mine" })).status).toBe(404);
    expect((await stranger.delete(path)).status).toBe(404);
    expect((await caller.patch(path, { name: "Old laptop" })).body.name).toBe("Old laptop");
    expect((await caller.patch(path, { name: " " })).status).toBe(422);
    expect((await caller.delete(path)).status).toBe(204);
    expect((await signIn(device)).body.slug).toBe("passkey-refused");
    expect((await other.get("/api/session")).status).toBe(401);
    expect((await caller.get("/api/session")).status).toBe(200);
  });

  it("is one of twenty at most, also when two are added at once", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    for (let made = 0; made < 19; made++) await equipped(person, session);
    const begun = await Promise.all([1, 2].map(() => session.post("/api/passkeys/challenge")));
    const answers = await Promise.all(begun.map(({ body: { options, ticket } }) => {
      const response = new SoftwareAuthenticator(home).create(options);
      return session.post("/api/passkeys", { ticket, name: "Phone", response });
    }));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = await session.post("/api/passkeys/challenge");
    expect([refused.status, refused.body.slug, refused.body.title]).toEqual([
      409,
      "too-many-passkeys",
      "An account can have 20 passkeys",
    ]);
  });

  it("is not given to a session that has not proved itself lately", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    await company.superDb.updateTable("sessions").set({ provenAt: sql<Date>`now() - interval '6 minutes'` })
      .where("accountId", "=", person.accountId).execute();
    expect((await session.post("/api/passkeys/challenge")).body.slug).toBe("fresh-proof-needed");
  });

  it("goes with the factors of before when an account is given new ones", async () => {
    const [first, owner] = [
      await (await employ(company, "owner")).session(),
      await (await employ(company, "owner")).session(),
    ];
    const person = await employ(company, "dispatcher");
    const { device } = await equipped(person);
    await first.post(`/api/accounts/${person.accountId}/invitation`);
    const { invitation } = (await owner.post(`/api/accounts/${person.accountId}/invitation`)).body;
    const token = String(invitation.link).split("#")[1]!;
    const invited = anybody({ authorization: `Invitation ${token}` });
    const { secret, ticket } = (await invited.post("/api/invitation/totp")).body;
    const accepted = await invited.post("/api/invitation", {
      password: "seven lanterns over the quay",
      ticket,
      code: codeOf(secret),
    });
    expect(accepted.status).toBe(201);
    expect((await signIn(device)).body.slug).toBe("passkey-refused");
  });
});

describe("signing in by a passkey is refused", () => {
  let person: Person, device: SoftwareAuthenticator;
  beforeAll(async () => {
    person = await employ(company, "dispatcher");
    device = (await equipped(person)).device;
  });

  it.each<[string, Otherwise]>([
    ["when the page was another's", { origin: "https://deliveries.kestrel.example.evil.example" }],
    ["when it was made for another name", { rpId: "kestrel.example" }],
    ["when nobody made sure who holds it", { isVerified: false }],
    ["for another challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["for something else than signing in", { type: "webauthn.create" }],
    ["when its counter went back, as a copy's does", { count: 1 }],
    ["when the signature is not its own", { forged: true }],
  ])("%s", async (_, otherwise) => {
    const refused = await signIn(device, otherwise);
    expect([refused.status, refused.body.slug]).toEqual([401, "passkey-refused"]);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect((await entriesOf(company, "session.refused"))[0]!.detail).toMatchObject({ reason: "passkey" });
    expect((await signIn(device)).status).toBe(201);
  });

  it("when the same answer comes again", async () => {
    const { body: { options, ticket } } = await anybody().post("/api/session/passkey/challenge");
    const answer = { ticket, response: device.get(options) };
    const both = await Promise.all([1, 2].map(() => anybody().post("/api/session/passkey", answer)));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect((await anybody().post("/api/session/passkey", answer)).status).toBe(401);
    // Also by an authenticator that counts nothing, as synced ones do.
    await sql`update passkeys set sign_count = 0 where account_id = ${person.accountId}`.execute(
      company.superDb,
    );
    const again = (await anybody().post("/api/session/passkey/challenge")).body;
    const uncounted = { ticket: again.ticket, response: device.get(again.options, { count: 0 }) };
    expect((await anybody().post("/api/session/passkey", uncounted)).status).toBe(201);
    expect((await anybody().post("/api/session/passkey", uncounted)).status).toBe(401);
  });

  it("with a ticket that is made up, or given for a new passkey", async () => {
    const { body: { options } } = await anybody().post("/api/session/passkey/challenge");
    const madeUp = { ticket: "AAAA", response: device.get(options) };
    expect((await anybody().post("/api/session/passkey", madeUp)).body.slug).toBe("passkey-refused");
    const enrolment = (await (await person.session()).post("/api/passkeys/challenge")).body;
    const other = { ticket: enrolment.ticket, response: device.get(enrolment.options) };
    expect((await anybody().post("/api/session/passkey", other)).body.slug).toBe("passkey-refused");
  });

  it("when it is unknown, with the same words", async () => {
    const known = await signIn(device, { forged: true });
    const unknown = await signIn(new SoftwareAuthenticator(home));
    const said = ({ title, next, slug, status }: Record<string, unknown>) => ({ title, next, slug, status });
    expect(said(unknown.body)).toEqual(said(known.body));
  });

  it("when the account is disabled", async () => {
    const gone = await employ(company, "dispatcher");
    const { device } = await equipped(gone);
    await company.superDb.updateTable("accounts").set({ disabled: true }).where("id", "=", gone.accountId)
      .execute();
    expect((await signIn(device)).body.slug).toBe("passkey-refused");
  });

  it("with words about what is missing when it is no answer at all", async () => {
    const refused = await anybody().post("/api/session/passkey", { ticket: "AAAA", response: { id: "a b" } });
    expect(refused.status).toBe(422);
    expect(refused.body.faults.map(({ path }: { path: string }) => path)).toContain("response.id");
  });
});

describe("a new passkey is refused", () => {
  it.each<[string, Otherwise]>([
    ["that another page made", { origin: "https://kestrel.example" }],
    ["for another name", { rpId: "kestrel.example" }],
    ["that does not know its holder", { isVerified: false }],
    ["for another challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAA" }],
  ])("%s", async (_, otherwise) => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    const refused = await enrol(session, new SoftwareAuthenticator(home), "Work laptop", otherwise);
    expect([refused.status, refused.body.faults[0].path]).toEqual([422, "response"]);
    expect((await session.get("/api/passkeys")).body.items).toEqual([]);
  });

  it("that is somebody's already, or sent twice", async () => {
    const { device } = await equipped(await employ(company, "dispatcher"));
    const thief = await (await employ(company, "dispatcher")).session();
    expect((await enrol(thief, device, "Not mine")).status).toBe(422);
    const { body: { options, ticket } } = await thief.post("/api/passkeys/challenge");
    const once = { ticket, name: "Phone", response: new SoftwareAuthenticator(home).create(options) };
    expect((await thief.post("/api/passkeys", once)).status).toBe(201);
    expect((await thief.post("/api/passkeys", once)).status).toBe(409);
  });

  it("with somebody else's ticket", async () => {
    const [one, other] = [
      await (await employ(company, "dispatcher")).session(),
      await (await employ(company, "dispatcher")).session(),
    ];
    const { body: { options, ticket } } = await one.post("/api/passkeys/challenge");
    const response = new SoftwareAuthenticator(home).create(options);
    const refused = await other.post("/api/passkeys", { ticket, name: "Phone", response });
    expect(refused.body.faults[0].path).toBe("ticket");
  });
});

describe("a fresh proof by a passkey", () => {
  async function prove(caller: Session, device: SoftwareAuthenticator, otherwise?: Otherwise) {
    const { body: { options, ticket } } = await caller.post("/api/session/proof/challenge");
    return await caller.post("/api/session/proof/passkey", {
      ticket,
      response: device.get(options, otherwise),
    });
  }

  it("counts as one by a code does", async () => {
    const { device, caller } = await equipped(await employ(company, "owner"));
    await company.superDb.updateTable("sessions").set({ provenAt: sql<Date>`now() - interval '6 minutes'` })
      .execute();
    expect((await caller.post("/api/passkeys/challenge")).body.slug).toBe("fresh-proof-needed");
    const proof = await prove(caller, device);
    expect(proof.status).toBe(204);
    const renewed = anybody({ cookie: cookiesOf(proof) });
    expect((await renewed.post("/api/passkeys/challenge")).status).toBe(200);
  });

  it("is refused from somebody else's passkey, or one for signing in", async () => {
    const { caller } = await equipped(await employ(company, "owner"));
    const { device: theirs } = await equipped(await employ(company, "owner"));
    expect((await prove(caller, theirs)).body.slug).toBe("passkey-refused");
    const own = await equipped(await employ(company, "owner"));
    const { body: { options, ticket } } = await anybody().post("/api/session/passkey/challenge");
    const other = { ticket, response: own.device.get(options) };
    expect((await own.caller.post("/api/session/proof/passkey", other)).status).toBe(403);
  });

  it("is not asked of somebody who has none", async () => {
    const session = await (await employ(company, "owner")).session();
    expect((await session.post("/api/session/proof/challenge")).body.slug).toBe("no-passkey");
  });
});

describe("an installation that is known by its address only", () => {
  it.each(["http://127.0.0.1:8080", "https://192.0.2.7", "https://[2001:db8::7]:8443"])(
    "says at %s that passkeys need a name",
    async (url) => {
      company.services.config.FLEETHOLD_PUBLIC_URL = url;
      try {
        const refused = await anybody().post("/api/session/passkey/challenge");
        expect([refused.status, refused.body.slug]).toEqual([409, "passkeys-need-a-name"]);
        expect(refused.body.next).toContain("FLEETHOLD_HOST");
      } finally {
        company.services.config.FLEETHOLD_PUBLIC_URL = home;
      }
    },
  );
});

it("answered challenges are forgotten once their tickets are long gone", async () => {
  await sql`update answered_challenges set answered_at = now() - interval '2 hours'`.execute(company.superDb);
  await company.change(forgetAnsweredChallenges);
  expect((await sql`select from answered_challenges`.execute(company.superDb)).rows).toEqual([]);
  expect(await entriesOf(company, "challenges.forgotten")).toHaveLength(1);
});
