import { sql } from "kysely";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { allows, type Right, type Role } from "../../server/access/rights.ts";
import { Reader } from "../../server/audit/reader.ts";
import {
  type Database,
  type DataTables,
  kyselyOver,
  openPool,
  reaching,
} from "../../server/platform/database.ts";
import { newId } from "../../server/platform/id.ts";
import { routesOf } from "../../server/platform/openapi.ts";
import { makeThings, samples, type Things } from "../api/samples.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
const roles = ["dispatcher", "driver", "integration"] as const satisfies Role[];
const callers = new Map<Role, Caller>();
let here: Things, there: Things;
/** Text that stands in an answer only if something of the other site does. */
let tellTale: string[];
/** Every table that belongs to a site, by itself or by what it is of. */
let walled: string[];

beforeAll(async () => {
  walled = (await tablesOfSites()).filter((table) => !(table in readAsAWhole));
  const owner = await company.as("owner");
  here = await makeThings(owner, company.here);
  there = await makeThings(owner, company.there);
  for (const { site, order, driver } of [here, there]) await work(owner, site, order, driver);
  for (const role of roles) callers.set(role, await company.as(role));
  const { body: order } = await owner.get(`/api/deliveries/${there.order}`);
  const { account: _, photo: __, ...ids } = there;
  tellTale = [...Object.values(ids), order.number, "Hill depot", "Thea Drueben"];
});

/** Leaves a row in each table of sites: a step, a proof, a link, and how a file was read. */
async function work(owner: Caller, siteId: string, order: string, driver: string) {
  const step = (to: string) =>
    owner.post(`/api/deliveries/${order}/steps`, { id: newId(), to, happenedAt: new Date().toISOString() });
  const answers = [
    await step("accepted"),
    await owner.put(`/api/deliveries/${order}/proofs/${newId()}`, { strokes: [[[0, 0], [10, 10]]] }),
    await owner.post(`/api/deliveries/${order}/tracking-link`),
    await owner.put(`/api/imports/${siteId === company.here ? here.import : there.import}/options`, {
      format: "custom",
      mapping: { number: "number", name: "name", street: "street" },
    }),
    await owner.post(
      "/api/deliveries",
      newOrder(siteId, {
        recipient: {
          ...newOrder(siteId).recipient,
          name: siteId === company.there ? "Thea Drueben" : "Hanna Hueben",
        },
      }),
    ),
    await owner.get(`/api/drivers/${driver}`),
  ];
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
}

/**
 * The search's index holds keyed hashes and ids, and no index could be asked behind a policy (see the migration). It is
 * written behind one like the others.
 */
const readAsAWhole = { delivery_search: "looked up by hashes; the orders found stand behind their own wall" };

async function tablesOfSites(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    with recursive of_site as (
      select 'sites'::regclass::oid as oid
      union select attrelid from pg_attribute join pg_class on pg_class.oid = attrelid
        where attname = 'site_id' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
      union select conrelid from pg_constraint join of_site on confrelid = of_site.oid where contype = 'f'
    )
    select oid::regclass::text as name from of_site order by name`.execute(company.superDb);
  return rows.map(({ name }) => name);
}

const countOf = async (db: Database, table: string) =>
  Number((await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(db)).rows[0]!.count);

const appPool = (size: number) => {
  const { FLEETHOLD_DATA_URL: url, FLEETHOLD_DATA_PASSWORD: password } = company.services.config;
  return openPool({ url, password, size, name: "test", log: company.services.log });
};

async function send(caller: Caller, name: string, things: Things) {
  const method = name.split(" ")[0]!.toLowerCase() as "get" | "post" | "put" | "patch" | "delete";
  const { path, body, headers } = samples[name]!;
  return method === "get" || method === "delete"
    ? await caller[method](path(things), headers)
    : await caller[method](path(things), body?.(things), headers);
}

describe("in the database", () => {
  it("every table that belongs to a site has a policy for whatever the app may do with it", async () => {
    expect(await tablesOfSites()).toEqual(expect.arrayContaining(["deliveries", "proofs", "tracking_links"]));
    for (const table of await tablesOfSites()) {
      const { rows: [row] } = await sql<{ secured: boolean; unheld: string[]; unconditional: string[] }>`
        select relrowsecurity and not pg_has_role('fleethold_app', relowner, 'member') as secured,
          array(select command from unnest(array['select', 'insert', 'update', 'delete']) as command
            where has_any_column_privilege('fleethold_app', pg_class.oid, replace(command, 'delete', 'select'))
              and (command <> 'delete' or has_table_privilege('fleethold_app', pg_class.oid, 'delete'))
              and not exists (select from pg_policies where tablename = relname
                and roles = '{fleethold_app}' and cmd in ('ALL', upper(command)))) as unheld,
          array(select policyname::text from pg_policies where tablename = relname
            and not coalesce(qual, with_check) ~ 'reached_sites|FROM deliveries') as unconditional
        from pg_class where oid = ${table}::regclass`.execute(company.superDb);
      expect([table, row]).toEqual([table, {
        secured: true,
        unheld: [],
        unconditional: table in readAsAWhole ? ["looked_up"] : [],
      }]);
    }
  });

  it("nothing leads around the policies: no role of the app's, no view, no function with its owner's rights", async () => {
    const { rows } = await sql<{ name: string }>`
      select rolname::text as name from pg_roles
        where pg_has_role('fleethold_app', oid, 'member') and (rolbypassrls or rolsuper or rolname <> 'fleethold_app')
      union all select relname::text from pg_class
        where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
      union all select proname::text from pg_proc
        where prosecdef and pronamespace = 'public'::regnamespace
          and has_function_privilege('fleethold_app', oid, 'execute')`.execute(company.superDb);
    expect(rows).toEqual([]);
  });

  it("the app's role sees and writes nothing before it says for which sites", async () => {
    const pool = appPool(1);
    const client = await pool.connect();
    try {
      for (const scope of [null, "", "{}", "ALL", "nobody"]) {
        if (scope !== null) await client.query("select set_config('fleethold.sites', $1, false)", [scope]);
        for (const table of walled) {
          expect(await countOf(company.superDb, table), table).toBeGreaterThan(0);
          const { rows: [row] } = await client.query(`select count(*)::int from ${table}`);
          expect([scope, table, row]).toEqual([scope, table, { count: 0 }]);
        }
        const { rowCount } = await client.query("update deliveries set priority = 'high'");
        expect(rowCount).toBe(0);
      }
      for (
        const statement of [
          `insert into vehicles (id, site_id, name, kind) values (gen_random_uuid(), '${company.here}', 'x', 'van')`,
          `insert into delivery_search values (gen_random_uuid(), '${company.here}', '{}')`,
        ]
      ) {
        await expect(client.query(statement)).rejects.toMatchObject({ code: "42501" });
      }
    } finally {
      client.release();
      await pool.end();
    }
  });

  it("each site is shown its own rows of every table, and both together are all", async () => {
    const seenFrom = (sites: string[]) => reaching(company.services.db, sites);
    for (const table of walled) {
      const all = await countOf(company.superDb, table);
      const [ofHere, ofThere, ofBoth] = await Promise.all(
        [[company.here], [company.there], [company.here, company.there]]
          .map((sites) => countOf(seenFrom(sites), table)),
      ) as [number, number, number];
      expect([table, ofHere > 0, ofThere > 0, ofHere + ofThere, ofBoth]).toEqual([
        table,
        true,
        true,
        all,
        all,
      ]);
      expect(await countOf(company.services.db, table)).toBe(all);
    }
  });

  it("a row can neither be made for another site nor moved there", async () => {
    const db = reaching(company.services.db, [company.here]);
    const refused = { code: "42501" };
    await expect(
      db.updateTable("deliveries").set({ siteId: company.there }).where("id", "=", here.order).execute(),
    ).rejects.toMatchObject(refused);
    await expect(
      db.updateTable("deliverySearch").set({ siteId: company.there }).where("deliveryId", "=", here.order)
        .execute(),
    ).rejects.toMatchObject(refused);
    await expect(
      db.insertInto("trackingLinks").values({
        id: newId(),
        deliveryId: there.order,
        tokenHash: newId() as never,
        expiresAt: new Date(),
      }).execute(),
    ).rejects.toMatchObject(refused);
    const { numUpdatedRows } = await db.updateTable("deliverySearch").set({ tokens: [] })
      .where("deliveryId", "=", there.order).executeTakeFirst();
    expect(numUpdatedRows).toBe(0n);
  });
});

describe("where the code forgets to ask for whom it reads,", () => {
  afterEach(() => void vi.restoreAllMocks());
  const forget = () => {
    vi.spyOn(Reader.prototype, "inSites").mockReturnValue(sql<boolean>`true`);
    vi.spyOn(Reader.prototype, "reaches").mockReturnValue(true);
  };
  const allowed = (role: Role, methods: (method: string) => boolean) =>
    routesOf(company.app).filter(({ method, access }) =>
      methods(method) && access && "right" in access && allows(role, access.right as Right)
    ).map(({ method, path }) => `${method} ${path}`).filter((name) => name in samples);

  it.each(roles)("somebody of another site is still answered nothing of this one's, as %s", async (role) => {
    forget();
    const names = allowed(role, (method) => method === "GET");
    expect(names.length).toBeGreaterThan(4);
    const paths = ["/api/deliveries?q=thea", "/api/deliveries?limit=200", "/api/deliveries/summary"];
    const answers = [
      ...await Promise.all(
        names.map(async (name) => ({ name, ...await send(callers.get(role)!, name, there) })),
      ),
      ...await Promise.all(
        paths.map(async (path) => ({ name: path, ...await callers.get(role)!.get(path) })),
      ),
    ];
    for (const { name, status, body } of answers) {
      expect(status, name).toBeLessThan(500);
      if (samples[name]?.ofSite) expect([name, status]).toEqual([name, 404]);
      const text = JSON.stringify(body ?? "");
      expect([name, tellTale.filter((told) => text.includes(told))]).toEqual([name, []]);
    }
  });

  it.each(roles)("somebody of another site changes nothing of this one's, as %s", async (role) => {
    const asItIs = async () => {
      const db = reaching(company.services.db, [company.there]);
      const rows = await Promise.all(
        walled.map((table) =>
          sql<{ row: string }>`select t::text as row from ${sql.table(table)} as t order by 1`.execute(db)
        ),
      );
      return rows.map(({ rows }, at) => [walled[at], rows]);
    };
    const before = await asItIs();
    forget();
    const ofOrders = ["POST /api/deliveries", "POST /api/drivers", "POST /api/vehicles", "POST /api/imports"];
    const names = allowed(role, (method) => method !== "GET")
      .filter((name) => samples[name]!.ofSite || ofOrders.includes(name));
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const { status } = await send(callers.get(role)!, name, there);
      expect([name, status]).toEqual([name, 404]);
    }
    if (role === "dispatcher") {
      const { body } = await send(callers.get(role)!, "PUT /api/deliveries/assignments", there);
      expect(body.slug).toBe("not-found");
      const unassign = { ids: [there.order], driverId: null };
      expect((await callers.get(role)!.put("/api/deliveries/assignments", unassign)).body.assigned).toEqual(
        [],
      );
    }
    expect(await asItIs()).toEqual(before);
  });

  it("the other site's things are answered without the wall: so this would notice a hole", async () => {
    forget();
    const dispatcher = callers.get("dispatcher")!;
    const secure = async (how: "enable" | "disable") => {
      for (const table of await tablesOfSites()) {
        await sql.raw(`alter table ${table} ${how} row level security`).execute(company.superDb);
      }
    };
    await secure("disable");
    try {
      for (const path of [`/api/deliveries/${there.order}`, "/api/drivers", "/api/imports", "/api/sites"]) {
        const text = JSON.stringify((await dispatcher.get(path)).body);
        expect(tellTale.some((told) => text.includes(told)), path).toBe(true);
      }
    } finally {
      await secure("enable");
    }
  });
});

describe("a connection that one reader after another gets", () => {
  it.each([1, 2])(
    "shows each their own site only, whatever went wrong before, with %i of them",
    async (size) => {
      const pool = appPool(size);
      const all = kyselyOver<DataTables>(pool);
      const expected = [
        { db: all, ids: [company.here, company.there].sort() },
        { db: reaching(all, [company.here]), ids: [company.here] },
        { db: reaching(all, [company.there]), ids: [company.there] },
        { db: reaching(all, []), ids: [] },
      ];
      const look = async ({ db, ids }: typeof expected[number], how: number) => {
        const read = (on: Database) => on.selectFrom("sites").select("id").orderBy("id").execute();
        const seen = (rows: { id: string }[]) => expect(rows.map(({ id }) => id)).toEqual(ids);
        if (how === 0) return seen(await read(db));
        if (how === 1) return await expect(sql`select 1 / 0`.execute(db)).rejects.toThrow("division");
        const transaction = db.transaction().execute(async (tx) => {
          seen(await read(tx));
          if (how === 2) throw new Error("rolled back");
          if (how === 3) await sql`select 1 / 0`.execute(tx);
          // As a query forgotten in some change might do; it ends with its transaction.
          if (how === 4) await sql`select set_config('fleethold.sites', 'all', true)`.execute(tx);
        });
        return how === 4
          ? await transaction
          : await expect(transaction).rejects.toThrow(/rolled back|division/);
      };
      try {
        let random = 7;
        const next = (below: number) => (random = random * 48271 % 2147483647) % below;
        const reader = async () => {
          for (let time = 0; time < 60; time++) await look(expected[next(expected.length)]!, next(5));
        };
        await Promise.all(Array.from({ length: 6 }, reader));
        for (const one of expected) await look(one, 0);
        // One that cannot be told is closed, and nobody reads on it.
        const client = await pool.connect();
        const { rows: [{ pid }] } = await client.query("select pg_backend_pid() as pid");
        client.release();
        await sql`select pg_terminate_backend(${pid})`.execute(company.superDb);
        await expect.poll(() => look(expected[1]!, 0).then(() => true, () => false)).toBe(true);
      } finally {
        await pool.end();
      }
    },
  );
});
