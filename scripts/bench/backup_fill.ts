import type pg from "pg";
import { say } from "../installation/terminal.ts";
import { gigabytes } from "./backup_figures.ts";

/** Orders made in one transaction: about 40 MB. */
const BATCH = 1_000;
/** As on a server of a company: more than one works at once. */
const LANES = 2;

/**
 * Multiplies the orders there are until the database has so many bytes: each with a new recipient, three steps, its
 * entries in the trail, and a photo for three in ten, as the demo company asks for one. What is sealed is as many random
 * bytes as the real one has, since neither compresses. Its keys are nowhere: to the server, these people are erased.
 *
 * @param site where they are put, so that they stand on nobody's board
 * @returns how many orders were made
 */
export async function multiply(
  connect: () => Promise<pg.Client>,
  site: string,
  bytes: number,
): Promise<number> {
  const client = await connect();
  await client.query(prepare);
  let made = 0;
  try {
    const began = performance.now();
    const first = await sizeOf(client);
    const { rows: [last] } = await client.query<{ next: number }>(
      "select coalesce(max(substr(number, 2)::int), 0) + 1 as next from deliveries where site_id = $1",
      [site],
    );
    const { next } = last!;
    let size = first, told = began, isEnough = size >= bytes;
    await Promise.all(Array.from({ length: LANES }, async () => {
      const lane = await connect();
      try {
        await lane.query("select set_config('bench.site', $1, false)", [site]);
        while (!isEnough) {
          const from = next + made;
          made += BATCH;
          await lane.query("begin");
          for (const text of statements) await lane.query(text, [from]);
          await lane.query("commit");
          size = await sizeOf(lane);
          isEnough ||= size >= bytes;
          if (performance.now() - told < 15_000) continue;
          told = performance.now();
          const seconds = (told - began) / 1000;
          const left = Math.round((bytes - size) * seconds / (size - first));
          say(`filled ${gigabytes(size)} of ${gigabytes(bytes)} with ${made} orders, ${left} s left`);
        }
      } finally {
        await lane.end();
      }
    }));
    await client.query("drop table bench_orders; drop extension pgcrypto");
    await client.query("vacuum analyze");
    await client.query("checkpoint");
  } finally {
    await client.end();
  }
  return made;
}

/** The size of the database on disk, in bytes. */
export async function sizeOf(client: pg.Client): Promise<number> {
  const { rows: [row] } = await client.query<{ size: number }>(
    "select pg_database_size('fleethold')::float8 as size",
  );
  return row!.size;
}

const prepare = `
  create extension if not exists pgcrypto;
  drop table if exists bench_orders;
  create unlogged table bench_orders as
    select row_number() over (order by id) - 1 as nth, count(*) over () as of, *
    from (select * from deliveries where sealed is not null limit 10000) as known;
  create index on bench_orders (nth);
  analyze bench_orders`;

/** Ids as the server makes them, by the millisecond (RFC 9562, UUID version 7): a fixed one for a number and a kind. */
const id = (n: string, kind: number) =>
  `(lpad(to_hex(1750000000000 + ${n} * 200 + ${kind}), 12, '0') || '7' || substr(md5('${kind} ' || ${n}), 1, 3)
    || '8' || substr(md5('${kind} ' || ${n}), 4, 15))::uuid`;

/** Of the session. */
const site = "current_setting('bench.site')::uuid";
const orders = `generate_series($1::int8, $1::int8 + ${BATCH - 1}) n`;

const statements = [
  `insert into deliveries (id, site_id, number, kind, state, outcome, day, window_after, window_before, window_hard,
      service_minutes, priority, quantity, weight_kg, volume_l, cash_amount, cash_currency, tags, requires, reference,
      recipient_id, sealed, version, created_at, updated_at)
    select ${
    id("n", 0)
  }, ${site}, '#' || n, o.kind, 'handed-over', null, o.day, o.window_after, o.window_before,
      o.window_hard, o.service_minutes, o.priority, o.quantity, o.weight_kg, o.volume_l, o.cash_amount,
      o.cash_currency, o.tags, o.requires, o.reference, gen_random_uuid(), gen_random_bytes(octet_length(o.sealed)),
      4, o.created_at, o.created_at
    from ${orders} join bench_orders o on o.nth = n % o.of`,
  // Who drove, and where that was, sealed under the driver's key.
  `insert into delivery_steps (id, delivery_id, from_state, to_state, happened_at, received_at, position_sealed)
    select ${id("n", 1)}, ${id("n", 0)}, 'planned', 'assigned', now(), now(), null::bytea from ${orders}
    union all
    select ${id("n", 2)}, ${id("n", 0)}, 'assigned', 'out', now(), now(), gen_random_bytes(90) from ${orders}
    union all
    select ${id("n", 3)}, ${
    id("n", 0)
  }, 'out', 'handed-over', now(), now(), gen_random_bytes(90) from ${orders}`,
  `insert into audit_entries (act, actor, detail)
    select act, gen_random_uuid(), jsonb_build_object('delivery', ${id("n", 0)}, 'site', ${site})
    from ${orders}, unnest(array['delivery.created', 'delivery.assigned', 'delivery.out', 'delivery.handed-over',
      'delivery.opened']) act`,
  `insert into proofs (id, delivery_id, kind, digest, sealed)
    select ${id("n", 4)}, ${id("n", 0)}, 'photo', gen_random_bytes(32),
      (select string_agg(gen_random_bytes(1024), ''::bytea) from generate_series(1, 100) part where n > 0)
    from ${orders} where n % 10 < 3`,
];
