import { beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { endElevationInTime } from "../../server/access/elevations/elevation.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";
import { EventStream } from "../audit/event_stream.ts";
import { entriesOf } from "./person.ts";

const company = useCompany();
let owner: Caller, admin: Caller;
beforeAll(async () => {
  owner = await company.as("owner");
  admin = await company.as("admin");
});

const reason = "The owner is away and a driver has to be disabled";
const ask = (caller: Caller, role = "admin", minutes = 60) =>
  caller.post("/api/elevations", { role, minutes, reason });
const decide = (caller: Caller, id: string, granted = true) =>
  caller.put(`/api/elevations/${id}/decision`, { granted });
const meOf = async (caller: Caller) => (await caller.get("/api/session")).body;

/** Somebody whose request has just been granted. */
async function elevated(
  from: "dispatcher" | "admin" | "auditor" = "dispatcher",
  role = "admin",
  minutes = 60,
) {
  const person = await company.as(from);
  const { body: { id } } = await ask(person, role, minutes);
  expect((await decide(owner, id)).status).toBe(200);
  return { person, id: id as string };
}

/** Moves the end of an elevation so many minutes nearer. */
const later = (id: string, minutes: number) =>
  sql`update elevations set ends_at = ends_at - make_interval(mins => ${minutes}::int),
      requested_at = requested_at - make_interval(mins => ${minutes}::int)
    where id = ${id}`.execute(company.superDb);

describe("another role for a time", () => {
  it("is asked for with a reason, granted by somebody else, and over when its time is", async () => {
    const person = await company.as("dispatcher");
    expect((await person.get("/api/accounts")).status).toBe(403);
    const asked = await ask(person);
    expect([asked.status, asked.body.state]).toEqual([201, "requested"]);
    expect((await person.get("/api/accounts")).status).toBe(403);

    const granted = await decide(owner, asked.body.id);
    expect([granted.body.state, granted.body.name, granted.body.reason]).toEqual([
      "active",
      "Test dispatcher",
      reason,
    ]);
    const left = Date.parse(granted.body.endsAt) - Date.now();
    expect(left).toBeGreaterThan(59 * 60_000);
    expect(left).toBeLessThanOrEqual(60 * 60_000);
    expect((await person.get("/api/accounts")).status).toBe(200);
    expect(await meOf(person)).toMatchObject({
      role: "admin",
      elevation: { id: asked.body.id, ownRole: "dispatcher", endsAt: granted.body.endsAt },
    });

    await later(asked.body.id, 60);
    // By the clock at once, even if no job has run.
    expect((await person.get("/api/accounts")).status).toBe(403);
    expect(await meOf(person)).toMatchObject({ role: "dispatcher", elevation: null });
    await endElevationInTime(company.services, { id: asked.body.id });
    expect((await person.get("/api/session")).status).toBe(401);
    const acts = ["elevation.requested", "elevation.granted", "elevation.ended"];
    for (const act of acts) {
      expect((await entriesOf(company, act))[0]!.detail, act).toMatchObject({
        account: person.accountId,
        elevation: asked.body.id,
        role: "admin",
      });
    }
    expect((await entriesOf(company, "elevation.granted"))[0]!.actor).toBe(owner.accountId);
  });

  it("takes the place of one's own, so that nobody has both at once", async () => {
    const { person } = await elevated("dispatcher", "auditor");
    expect((await person.get("/api/audit")).status).toBe(200);
    expect((await person.post("/api/deliveries", newOrder(company.here))).status).toBe(403);
  });

  it("ends when its holder says so, with the sessions that had it", async () => {
    const { person, id } = await elevated();
    expect((await person.delete(`/api/elevations/${id}`)).status).toBe(204);
    expect((await person.get("/api/session")).status).toBe(401);
    expect((await owner.delete(`/api/elevations/${id}`)).status).toBe(404);
  });

  it("ends when whoever may decide says so, and a live page is cut off", async () => {
    const { person, id } = await elevated();
    const stream = await EventStream.open(company, person);
    expect((await admin.delete(`/api/elevations/${id}`)).status).toBe(204);
    await stream.until(() => stream.ended);
    expect((await person.get("/api/session")).status).toBe(401);
  });

  it("ends when the account's own role is changed", async () => {
    const { person, id } = await elevated();
    const edited = await owner.patch(`/api/accounts/${person.accountId}`, { role: "auditor" }, {
      "If-Match": '"1"',
    });
    expect(edited.status).toBe(200);
    const { items } = (await owner.get("/api/elevations")).body;
    expect(items.find((one: { id: string }) => one.id === id).state).toBe("over");
  });

  it("is not ended early by a job that comes too soon or twice", async () => {
    const { person, id } = await elevated();
    await endElevationInTime(company.services, { id });
    expect((await person.get("/api/accounts")).status).toBe(200);
    await later(id, 60);
    for (const _ of [1, 2]) await endElevationInTime(company.services, { id });
    const ended = (await entriesOf(company, "elevation.ended")).filter(({ detail }) =>
      detail.elevation === id
    );
    expect(ended).toHaveLength(1);
  });

  it("has a job waiting for its end", async () => {
    const { id } = await elevated();
    const { rows: [job] } = await sql<{ runAt: Date; endsAt: Date }>`
      select jobs.run_at, elevations.ends_at from graphile_worker.jobs, elevations
      where jobs.key = ${`elevation ${id}`} and elevations.id = ${id}`.execute(company.superDb);
    expect(job!.runAt).toEqual(job!.endsAt);
  });

  it("keeps its reason sealed", async () => {
    await elevated();
    const { rows } = await sql<{ row: string }>`select elevations::text as row from elevations`.execute(
      company.superDb,
    );
    const hex = Array.from(new TextEncoder().encode("owner is away"), (byte) => byte.toString(16)).join("");
    for (const { row } of rows) expect(row).not.toMatch(new RegExp(`owner is away|${hex}`));
  });
});

describe("nobody", () => {
  it("grants what they asked for themselves", async () => {
    const person = await company.as("admin");
    const { body: { id } } = await ask(person, "auditor");
    expect((await decide(person, id)).body.title).toBe("Nobody grants what they asked for themselves");
  });

  it("grants a role that they do not manage, or one to whom they do not manage", async () => {
    const { body: { id } } = await ask(await company.as("dispatcher"), "owner");
    expect((await decide(admin, id)).status).toBe(403);
    const { body: other } = await ask(await company.as("admin"), "dispatcher");
    expect((await decide(admin, other.id)).status).toBe(403);
    expect((await decide(owner, other.id)).status).toBe(200);
  });

  it("grants anything while they have another role for a time themselves", async () => {
    const { person } = await elevated("dispatcher", "admin");
    const { body: { id } } = await ask(await company.as("dispatcher"), "auditor");
    expect((await decide(person, id)).body.title).toMatch(/while they have another for a time/);
  });

  it("grants it with a second factor that was shown long ago", async () => {
    const stale = await company.as("owner");
    await sql`update sessions set proven_at = now() - interval '6 minutes'
      where account_id = ${stale.accountId}`.execute(company.superDb);
    const { body: { id } } = await ask(await company.as("dispatcher"));
    expect((await decide(stale, id)).body.slug).toBe("fresh-proof-needed");
  });

  it("decides twice, also not at once, nor on what has lapsed", async () => {
    const { body: { id } } = await ask(await company.as("dispatcher"));
    const other = await company.as("owner");
    const answers = await Promise.all([decide(owner, id, true), decide(other, id, false)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const { body: { id: old } } = await ask(await company.as("dispatcher"));
    await later(old, 25 * 60);
    expect((await decide(owner, old)).body.slug).toBe("elevation-decided");
  });

  it("asks for two at once, for their own role, or without a reason", async () => {
    const person = await company.as("dispatcher");
    expect((await ask(person, "dispatcher")).body.slug).toBe("elevation-useless");
    const answers = await Promise.all([ask(person), ask(person)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const silent = await person.post("/api/elevations", { role: "admin", minutes: 60, reason: " " });
    expect(silent.body.faults[0].path).toBe("reason");
    const long = await person.post("/api/elevations", { role: "admin", minutes: 600, reason });
    expect(long.body.faults[0].path).toBe("minutes");
  });

  it("but owners, admins and auditors is shown what others ask for", async () => {
    const person = await company.as("dispatcher");
    const { body: { id } } = await ask(person);
    const seen = async (caller: Caller) =>
      (await caller.get("/api/elevations")).body.items.some((one: { id: string }) => one.id === id);
    for (const role of ["owner", "admin", "auditor"] as const) {
      expect([role, await seen(await company.as(role))]).toEqual([role, true]);
    }
    expect(await seen(person)).toBe(true);
    const stranger = await company.as("dispatcher");
    expect(await seen(stranger)).toBe(false);
    expect((await stranger.delete(`/api/elevations/${id}`)).status).toBe(404);
  });
});

describe("a request", () => {
  it("can be withdrawn, and refused; then another one can be made", async () => {
    const person = await company.as("dispatcher");
    const { body: { id } } = await ask(person);
    expect((await person.delete(`/api/elevations/${id}`)).status).toBe(204);
    const { body: again } = await ask(person);
    expect((await decide(owner, again.id, false)).body.state).toBe("refused");
    expect((await ask(person)).status).toBe(201);
    const { items } = (await person.get("/api/elevations")).body;
    expect(items.map(({ state }: { state: string }) => state)).toEqual(["requested", "refused", "withdrawn"]);
    expect((await person.get("/api/session")).status).toBe(200);
  });

  it("that lapsed or ran out makes room for the next, though no job has run", async () => {
    const person = await company.as("dispatcher");
    const { body: { id } } = await ask(person);
    await later(id, 25 * 60);
    expect((await ask(person)).status).toBe(201);
    expect((await entriesOf(company, "elevation.lapsed"))[0]!.detail.elevation).toBe(id);
  });
});
