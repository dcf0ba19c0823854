import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { Hono } from "hono";
import type { AppEnv } from "../../server/access/may.ts";
import { liveRoutes } from "../../server/audit/live_routes.ts";
import { system } from "../../server/audit/actor.ts";
import { startLive } from "../../server/audit/live.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";
import { EventStream } from "./event_stream.ts";

const company = useCompany();
let owner: Caller, dispatcher: Caller, stranger: Caller;
beforeAll(async () => {
  owner = await company.as("owner");
  dispatcher = await company.as("dispatcher", [company.here]);
  stranger = await company.as("dispatcher", [company.there]);
});

const streams: EventStream[] = [];
const listen = async (caller: Caller, lastEventId?: string, after?: string) => {
  const stream = await EventStream.open(company, caller, lastEventId, after);
  streams.push(stream);
  return stream;
};
afterEach(() => Promise.all(streams.splice(0).map((stream) => stream.close())));

const order = async (siteId = company.here) =>
  (await owner.post("/api/deliveries", newOrder(siteId))).body.id as string;
const assign = (ids: string[], driverId: string | null) =>
  owner.put("/api/deliveries/assignments", { ids, driverId });
/** Long enough for everything that was to be said to have been said. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 400));

describe("live updates", () => {
  it("a second browser hears of a change", async () => {
    const browser = await listen(dispatcher);
    const id = await order();
    await browser.until(() => browser.ids("delivery").includes(id));
    expect(browser.events[0]).toEqual({ event: "change", data: { kind: "delivery", ids: [id] } });
  });

  it("many changes at once are told together", async () => {
    const browser = await listen(dispatcher);
    const ids = await Promise.all(Array.from({ length: 30 }, () => order()));
    await browser.until(() => ids.every((id) => browser.ids("delivery").includes(id)));
    expect(browser.events.length).toBeLessThan(15);
  });

  it("another site's dispatcher hears nothing of it", async () => {
    const [neighbour, browser] = [await listen(stranger), await listen(dispatcher)];
    const id = await order(company.here);
    await browser.until(() => browser.ids("delivery").includes(id));
    await quiet();
    expect(neighbour.events).toEqual([]);
  });

  it("a driver hears of an order they get and of one taken from them, and of nobody else's", async () => {
    const [ours, other] = [await company.as("driver"), await company.as("driver")];
    const phone = await listen(ours);
    const [mine, theirs] = [await order(), await order()];
    await assign([theirs], other.driverId);
    await assign([mine], ours.driverId);
    await phone.until(() => phone.ids("delivery").length === 1);
    await assign([mine], other.driverId);
    await phone.until(() => phone.ids("delivery").length === 2);
    await quiet();
    expect(phone.events.map(({ data }) => data)).toEqual([
      { kind: "delivery", ids: [mine] },
      { kind: "delivery", ids: [mine] },
    ]);
  });

  it("a driver hears that the address of an order they have was corrected", async () => {
    const driver = await company.as("driver");
    const id = await order();
    await assign([id], driver.driverId);
    const { body: { version } } = await owner.get(`/api/deliveries/${id}`);
    const phone = await listen(driver);
    await owner.patch(`/api/deliveries/${id}`, { recipient: { street: "Ahornallee 14" } }, {
      "If-Match": `"${version}"`,
    });
    await phone.until(() => phone.ids("delivery").includes(id));
  });

  it("a role hears only of kinds of things it may read", async () => {
    const admin = await company.as("admin");
    const office = await listen(admin), browser = await listen(dispatcher);
    const id = await order();
    await company.as("dispatcher");
    await browser.until(() => browser.ids("delivery").includes(id));
    await office.until(() => office.ids("account").length > 0);
    expect(office.ids("delivery")).toEqual([]);
    expect(browser.ids("account")).toEqual([]);
  });

  it("looking at something is no news", async () => {
    const browser = await listen(owner);
    const auditor = await company.as("auditor");
    await browser.until(() => browser.ids("account").length > 0);
    await quiet();
    const before = browser.events.length;
    await auditor.get("/api/deliveries");
    await auditor.get("/api/audit");
    await owner.patch("/api/sites/00000000-0000-4000-8000-000000000000", {}, { "If-Match": '"1"' });
    await quiet();
    expect(browser.events.length).toBe(before);
  });
});

describe("a stream that comes back", () => {
  it("hears what it missed", async () => {
    const browser = await listen(dispatcher);
    await browser.close();
    const [first, second] = [await order(), await order()];
    const again = await listen(dispatcher, browser.lastEventId);
    // Whatever another database of the cluster is still writing, it is told from there on: more, never less.
    expect(again.ids("delivery")).toEqual(expect.arrayContaining([first, second]));
  });

  it("that comes for the first time hears what happened since its page was told who is signed in", async () => {
    const { body: { liveFrom } } = await dispatcher.get("/api/session");
    const id = await order();
    const first = await listen(dispatcher, undefined, liveFrom);
    expect(first.ids("delivery")).toContain(id);
    const refused = await dispatcher.get("/api/live?after=yesterday");
    expect([refused.status, refused.body.faults[0].path]).toEqual([422, "after"]);
  });

  it("misses nothing, also under concurrent commits that end in another order than they began", async () => {
    const written: string[] = [], heard = new Set<string>();
    const write = async (worker: number) => {
      for (let n = 0; n < 12; n++) {
        const id = crypto.randomUUID();
        await company.change(async (change) => {
          change.record("delivery.edited", { delivery: id, site: company.here });
          // A transaction that has its number early and commits late is what a naive reader would miss.
          await sql`select pg_current_xact_id(), pg_sleep(${((worker * 7 + n * 5) % 11) / 60})`.execute(
            change.tx,
          );
        });
        written.push(id);
      }
    };
    const writing = Promise.all([1, 2, 3, 4].map(write));
    let done = false;
    void writing.then(() => done = true);
    let last: string | undefined;
    while (!done) {
      const browser = await listen(dispatcher, last);
      await new Promise((resolve) => setTimeout(resolve, 70));
      // Only what was heard before the connection broke counts, and only the id that came with it.
      for (const id of browser.ids("delivery")) heard.add(id);
      last = browser.lastEventId;
      await browser.close();
    }
    await writing;
    const browser = await listen(dispatcher, last);
    await quiet();
    for (const id of browser.ids("delivery")) heard.add(id);
    expect(written.filter((id) => !heard.has(id))).toEqual([]);
    expect(written).toHaveLength(48);
  });

  it("loads everything again after being away for more than ten minutes", async () => {
    const browser = await listen(dispatcher);
    await browser.close();
    await order();
    const superuser = await company.superuser("data");
    await superuser.query("update audit_entries set at = at - interval '11 minutes'");
    const again = await listen(dispatcher, browser.lastEventId);
    expect(again.events.map(({ event }) => event)).toEqual(["reset"]);
  });

  it.each(["yesterday", "-1", "99999999999999999999", "999999999999999999"])(
    "loads everything again when it stands at no moment of this trail: %s",
    async (nonsense) => {
      const browser = await listen(dispatcher, nonsense);
      expect(browser.events.map(({ event }) => event)).toEqual(["reset"]);
    },
  );
});

describe("the life of a stream", () => {
  it("ends at once when its session ends, and other sessions' streams do not", async () => {
    const leaving = await company.as("dispatcher");
    const [theirs, ours] = [await listen(leaving), await listen(dispatcher)];
    expect((await leaving.delete("/api/session")).status).toBe(204);
    await theirs.until(() => theirs.ended);
    const id = await order();
    await ours.until(() => ours.ids("delivery").includes(id));
    expect(ours.ended).toBe(false);
  });

  it("ends at once when the account is disabled", async () => {
    const leaving = await company.as("dispatcher");
    const theirs = await listen(leaving);
    await owner.patch(`/api/accounts/${leaving.accountId}`, { disabled: true }, { "If-Match": '"1"' });
    await theirs.until(() => theirs.ended);
    expect((await EventStream.ask(company, leaving)).status).toBe(401);
  });

  it("ends when its session has run out, which no entry tells of", async () => {
    const idle = await company.as("dispatcher");
    const [actor] = await sql<{ id: string }>`select id from sessions where account_id = ${idle.accountId}`
      .execute(company.services.db).then(({ rows }) => rows);
    const app = new Hono<AppEnv>().use(async (c, next) => {
      c.set("services", company.services);
      c.set("signedIn", {
        ...system("test"),
        role: "dispatcher",
        accountId: idle.accountId,
        sessionId: actor!.id,
      });
      await next();
    }).route("/", liveRoutes(company.live, 100));
    const stream = new EventStream(await app.request("/"));
    await quiet();
    expect(stream.ended).toBe(false);
    await sql`update sessions set last_used_at = now() - interval '9 hours' where id = ${actor!.id}`
      .execute(company.services.db);
    await stream.until(() => stream.ended);
  });

  it("a session can hold ten streams and no more, until it leaves one", async () => {
    const greedy = await company.as("dispatcher");
    const open = await Promise.all(Array.from({ length: 10 }, () => listen(greedy)));
    const refused = await EventStream.ask(company, greedy);
    const problem = await refused.json();
    expect([refused.status, problem.slug]).toEqual([429, "too-many-streams"]);
    expect(problem.detail).toContain("10");
    await open[0]!.close();
    await listen(greedy);
  });

  it("goes on after the database has thrown it out, and tells what happened meanwhile", async () => {
    const browser = await listen(dispatcher);
    const superuser = await company.superuser("data");
    await superuser.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fleethold-live' and datname = $1",
      [company.database],
    );
    const meanwhile = await order();
    await browser.until(() => browser.ids("delivery").includes(meanwhile));
    const later = await order();
    await browser.until(() => browser.ids("delivery").includes(later));
    expect(browser.ended).toBe(false);
  });

  it("works over a real connection, and makes room when the browser goes away", async () => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, company.app.fetch);
    const caller = await company.as("dispatcher");
    const open = async () => {
      const away = new AbortController();
      const response = await fetch(`http://127.0.0.1:${server.addr.port}/api/live`, {
        headers: { cookie: caller.cookie },
        signal: away.signal,
      });
      return { away, response };
    };
    for (let round = 0; round < 12; round++) {
      const { away, response } = await open();
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      away.abort();
      await quiet();
    }
    const { away, response } = await open();
    const stream = new EventStream(response);
    const id = await order();
    await stream.until(() => stream.ids("delivery").includes(id));
    away.abort();
    await server.shutdown();
  });

  it("ends when the server is stopped", async () => {
    const live = startLive(company.services);
    const stream = live.join(system("test"));
    const waiting = stream.next(60_000);
    await live.close();
    await waiting;
    expect(stream.ended).toBe(true);
  });
});

// Last, since everything told again after it would be too large as well.
describe("too much at once", () => {
  it("a change too large to be told one by one makes everybody load again", async () => {
    const browser = await listen(dispatcher);
    await company.change((change) => {
      for (let n = 0; n < 501; n++) {
        change.record("delivery.created", { delivery: crypto.randomUUID(), site: company.here });
      }
      return Promise.resolve();
    });
    await browser.until(() => browser.events.length > 0);
    expect(browser.events.map(({ event }) => event)).toEqual(["reset"]);
  });
});
