import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../server/access/rights.ts";
import { type Route, routesOf } from "../../server/platform/openapi.ts";
import { type Caller, useCompany } from "../harness/app.ts";
import { makeThings, samples, type Things } from "./samples.ts";

/** Bad inputs an endpoint gets. Seeded: a failure is found again by running the test again. */
const INPUTS = Number(Deno.env.get("FLEETHOLD_TEST_BAD_INPUTS") ?? 200);
const SEED = 20261123;

const company = useCompany();
let things: Things;
let superuser: pg.Client;
const callers = {} as Record<"owner" | "driver", Caller>;

beforeAll(async () => {
  callers.owner = await company.as("owner");
  callers.driver = await company.as("driver");
  things = await makeThings(callers.owner, company.here);
  superuser = await company.superuser("data");
});

/** Values that have broken something somewhere. */
const nasty = fc.oneof(
  // As often as all that is made up at random: what broke something once is likelier to do so again.
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      -1,
      0,
      1e308,
      -0,
      2 ** 53,
      0.1,
      "",
      " ",
      "\u0000",
      "a\u0000b",
      "\ud800",
      "\u202e",
      "'; drop table deliveries; --",
      "%00",
      "../../etc/passwd",
      "{{7*7}}",
      "<script>",
      "9".repeat(400),
      "x".repeat(5000),
      "2026-02-30",
      "2026-13-01T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "+275760-09-13T00:00:00Z",
      "00000000-0000-0000-0000-000000000000",
      "not-a-uuid",
      [],
      {},
      [[]],
      { toString: 1 },
      ["__proto__"],
    ),
  },
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.double(),
  fc.bigInt().map(String),
  fc.array(fc.constantFrom<unknown>(null, 1, "x", {}), { maxLength: 5 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A well-formed value with one to three places in it made bad: replaced, removed, added, or the whole of it. */
const spoilt = (value: unknown): fc.Arbitrary<unknown> =>
  fc.array(fc.record({ where: fc.nat(), how: fc.nat({ max: 5 }), what: nasty }), {
    minLength: 1,
    maxLength: 3,
  })
    .map((spoilings) =>
      spoilings.reduce<unknown>((spoilt, { where, how, what }) => spoil(spoilt, where, how, what), value)
    );

function spoil(value: unknown, where: number, how: number, what: unknown): unknown {
  if (how === 5 || value === null || typeof value !== "object") return what;
  const copy = structuredClone(value) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = names[where % (names.length || 1)] ?? "";
  if (how === 0) delete copy[name];
  else if (how === 1) copy[`x${where}`] = what;
  else if (how === 2 && copy[name] && typeof copy[name] === "object") {
    copy[name] = spoil(copy[name], where >> 3, how, what);
  } else copy[name] = what;
  return copy;
}

const spoiltText = fc.oneof(
  nasty.map((value) => typeof value === "string" ? value : JSON.stringify(value) ?? ""),
  fc.string({ unit: "grapheme", maxLength: 30 }),
);

/** What the data cluster holds, but for the trail, which grows with each refusal, and what sign-in counts. */
async function contents(): Promise<string> {
  const { rows } = await superuser.query(`
    select string_agg(md5(rows::text), ' ') as all from (
      select (select coalesce(jsonb_agg(t order by t.id), '[]') from deliveries t) as rows
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from delivery_steps t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from proofs t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from drivers t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from vehicles t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from sites t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from accounts t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from invitations t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from imports t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from tracking_links t)
      union all select (select coalesce(jsonb_agg(t order by t.id), '[]') from recovery_codes t)
      union all select (select coalesce(jsonb_agg(t), '[]') from company t)
    ) as tables`);
  return rows[0].all;
}

/** Ends the caller's own session: all that came after would be refused for that alone. */
const endsTheSession = new Set(["DELETE /api/session", "DELETE /api/sessions", "POST /api/sso/sign-out"]);

/** The rights test holds that the samples are exactly the router's routes. */
const fuzzed = Object.keys(samples).filter((name) => !endsTheSession.has(name));

describe("bad input is answered clearly and changes nothing", () => {
  it.each(fuzzed)("%s", async (name) => {
    const route = routesOf(company.app).find(({ method, path }) => `${method} ${path}` === name)!;
    let before = await contents();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(request(route, name), async ({ path, body, headers }) => {
        const right = route.access && "right" in route.access ? route.access.right : null;
        const role: Role = right === "orders.drive" ? "driver" : "owner";
        const answer = await send(callers[role as "owner" | "driver"], route.method, path, body, headers);
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
        if (answer.status < 400) {
          before = "";
          return;
        }
        refused++;
        expect(answer.body).toMatchObject({
          slug: expect.any(String),
          title: expect.any(String),
          requestId: expect.any(String),
        });
        if (answer.status === 422 && answer.body.slug === "bad-input") {
          expect(answer.body.faults.length).toBeGreaterThan(0);
        }
        // Looked at after every refusal that follows an accepted request, and now and then in between.
        if (before === "" || refused % 50 === 0) {
          const now = await contents();
          if (before !== "") expect(now).toBe(before);
          before = now;
        }
      }),
      { seed: SEED, numRuns: INPUTS, endOnFailure: true },
    );
    if (before !== "") expect(await contents()).toBe(before);
    // A route that takes nothing and is open to anybody has nothing to refuse.
    const takesSomething = route.params || route.query || route.body || route.bytes ||
      (route.access && "right" in route.access);
    if (takesSomething) expect(refused).toBeGreaterThan(0);
  }, 240_000);
});

interface Request {
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

/** A request of this route with its body, its query, its path or its headers made bad. */
function request(route: Route, name: string): fc.Arbitrary<Request> {
  const sample = samples[name]!;
  const good: Request = {
    path: sample.path(things),
    body: sample.body?.(things),
    headers: sample.headers ?? {},
  };
  const badPath = fc.tuple(fc.nat(), spoiltText).map(([where, text]): Request => {
    const [path, query] = good.path.split("?") as [string, string?];
    const parts = path.split("/");
    parts[3 + where % Math.max(1, parts.length - 3)] = encodeURIComponent(text.toWellFormed());
    return { ...good, path: parts.join("/") + (query ? `?${query}` : "") };
  });
  const badQuery = fc.tuple(fc.nat(), spoiltText, fc.boolean()).map(([where, text, unknown]): Request => {
    const url = new URL(good.path, "http://x");
    const names = [
      ...new Set([...url.searchParams.keys(), "cursor", "limit", "sort", "state", "driver", "from", "thing"]),
    ];
    url.searchParams.set(unknown ? `x${where}` : names[where % names.length]!, text.toWellFormed());
    return { ...good, path: url.pathname + url.search };
  });
  const badHeader = fc.tuple(
    fc.constantFrom(
      "If-Match",
      "Idempotency-Key",
      "Content-Type",
      "Authorization",
      "Cookie",
      "Last-Event-ID",
    ),
    fc.string({ maxLength: 80 }),
  ).map(([header, value]): Request => ({
    ...good,
    headers: { ...good.headers, [header]: value.replaceAll(/[^\x20-\x7e]/g, "?") },
  }));
  const ways = [badHeader];
  if (route.params) ways.push(badPath);
  if (route.query) ways.push(badQuery, badQuery);
  if (route.body) {
    const badBody = spoilt(good.body).map((body): Request => ({ ...good, body }));
    ways.push(badBody, badBody, badBody, badBody);
  }
  if (route.bytes) ways.push(fc.uint8Array({ maxLength: 300 }).map((body): Request => ({ ...good, body })));
  return fc.oneof(...ways);
}

async function send(
  caller: Caller,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
) {
  switch (method) {
    case "GET":
      return await caller.get(path, headers);
    case "DELETE":
      return await caller.delete(path, headers);
    default:
      return await caller[method.toLowerCase() as "post" | "put" | "patch"](path, body, headers);
  }
}
