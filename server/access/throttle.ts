import { Buffer } from "node:buffer";
import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import { tooManyAttempts } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { peppered } from "./pepper.ts";

/** What failures are counted by. Only its keyed hash is stored. */
export interface Bucket {
  key: Buffer;
  /** So many failures in a row cost no wait. */
  free: number;
  /** From so many failures in a row on, each costs a day. */
  closedAt: number;
  /** What a success does: it clears a person's failures; at an address it takes back its own attempt only. */
  afterSuccess: "clear" | "take back";
}

/** NIST SP 800-63B-4, 3.2.2: at most 100 failures in a row for one authenticator. */
const MOST_FAILURES = 100;
const LONGEST_WAIT_SECONDS = 15 * 60;
const CLOSED_SECONDS = 24 * 60 * 60;

/** Failures of one person (a typed e-mail, an account), told apart by where they come from. */
export const personBucket = (services: Services, person: Uint8Array | string, from: string): Bucket => ({
  key: peppered(services.config, "throttle person", `${Buffer.from(person).toString("base64")}\0${from}`),
  free: 5,
  closedAt: MOST_FAILURES,
  afterSuccess: "clear",
});

/**
 * Failures of one network address. A whole office or depot may share one, and at the start of a shift all of them sign
 * in together: so it is patient, and never closes.
 */
export const addressBucket = (services: Services, address: string): Bucket => ({
  key: peppered(services.config, "throttle address", networkOf(address)),
  free: 50,
  closedAt: 2 ** 31 - 1,
  afterSuccess: "take back",
});

/**
 * The network that one customer of a provider has all to themselves: of IPv6 the first 64 bits (RFC 6177), since
 * whoever has them can send each guess from another address; an IPv4 address as it is, also when written as IPv6.
 */
export function networkOf(address: string): string {
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 || !address.includes(":")) return v4 ?? address;
  const [head = "", tail] = address.split("%")[0]!.toLowerCase().split("::");
  const groups = (part: string | undefined) => part ? part.split(":") : [];
  const [before, after] = [groups(head), groups(tail)];
  const whole = [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after];
  return whole.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

/**
 * Lets an attempt begin. It is counted as a failure before it is made and taken back by `succeed`, all in one
 * statement for each bucket: so parallel guesses cannot slip through between the check and the count.
 *
 * @throws Problem too-many-attempts; then no bucket has counted it
 */
export async function begin(services: Services, buckets: readonly Bucket[]): Promise<void> {
  await services.db.transaction().execute(async (tx) => {
    // In one order everywhere, so that two attempts never wait for each other's rows in a circle.
    for (const { key, free, closedAt } of buckets.toSorted((a, b) => Buffer.compare(a.key, b.key))) {
      const wait = (failures: ReturnType<typeof sql>) =>
        sql`make_interval(secs => case
          when ${failures} >= ${closedAt}::int then ${CLOSED_SECONDS}::int
          when ${failures} <= ${free}::int then 0
          else least(2 ^ least(${failures} - ${free}::int, 16), ${LONGEST_WAIT_SECONDS}::int) end)`;
      const { rows } = await sql`
        insert into sign_in_throttles as throttle (bucket, failures, wait_until)
        values (${key}, 1, clock_timestamp() + ${wait(sql`1`)})
        on conflict (bucket) do update set
          failures = throttle.failures + 1,
          wait_until = clock_timestamp() + ${wait(sql`(throttle.failures + 1)`)},
          last_at = clock_timestamp()
        where throttle.wait_until <= clock_timestamp()
        returning 1`.execute(tx);
      if (rows.length > 0) continue;
      const { rows: [row] } = await sql<{ seconds: number }>`
        select ceil(extract(epoch from wait_until - clock_timestamp()))::int as seconds
        from sign_in_throttles where bucket = ${key}`.execute(tx);
      throw tooManyAttempts(Math.max(1, row?.seconds ?? 1));
    }
  });
}

/** Says that an attempt begun was a success. */
export async function succeed(services: Services, buckets: readonly Bucket[]): Promise<void> {
  const cleared = buckets.filter((bucket) => bucket.afterSuccess === "clear").map((bucket) => bucket.key);
  await sql`delete from sign_in_throttles where bucket = any(${cleared}::bytea[])`.execute(services.db);
  await takeBack(services, buckets.filter((bucket) => bucket.afterSuccess === "take back"));
}

/** Says that an attempt begun came to nothing, as when too many sign in at once: it was no failure and no success. */
export async function takeBack(services: Services, buckets: readonly Bucket[]): Promise<void> {
  await sql`update sign_in_throttles set failures = greatest(failures - 1, 0)
    where bucket = any(${buckets.map((bucket) => bucket.key)}::bytea[])`.execute(services.db);
}

/** Forgets failures nobody added to for 90 days. */
export async function forgetOldFailures(change: Change): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    delete from sign_in_throttles where last_at < now() - interval '90 days'`.execute(change.tx);
  if (numAffectedRows > 0n) change.record("sign-in-failures.forgotten", { count: Number(numAffectedRows) });
  else change.unchanged();
}
