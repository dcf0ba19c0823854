import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { begin, type Bucket, networkOf, succeed } from "../access/throttle.ts";
import { peppered } from "../access/pepper.ts";
import { visitor } from "../audit/actor.ts";
import type { Change } from "../audit/change.ts";
import { Reader } from "../audit/reader.ts";
import { recordSight } from "../audit/sight.ts";
import { theCompany } from "../company/company.ts";
import { lockDelivery } from "../deliveries/delivery.ts";
import type { State } from "../deliveries/schema.ts";
import type { DriverPerson } from "../drivers/schema.ts";
import type { GeneratedMoment, Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { conflict, Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { Tracking, TrackingLink } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    trackingLinks: {
      id: string;
      deliveryId: string;
      tokenHash: Buffer;
      expiresAt: Moment;
      createdAt: GeneratedMoment;
    };
  }
}

/** A link works through so many days after the order's own. */
const DAYS_AFTER = 7;

/** While the driver is on the way or has been, the recipient may know who that is. */
const driverShown: readonly State[] = ["in-transit", "arrived", "completed", "failed"];

/** What a recipient is told has happened; who was asked to drive is the company's own business. */
const stepsShown: readonly State[] = [
  "accepted",
  "loaded",
  "in-transit",
  "arrived",
  "completed",
  "failed",
  "returned",
  "cancelled",
];

/**
 * Makes the link by which a recipient follows an order: 256 random bits of which only the SHA-256 is stored. It works
 * until seven days after the order's day end where its site is; links made before stop working.
 *
 * @throws Problem not-found, recipient-erased, order-too-old
 */
export async function makeTrackingLink(change: Change, deliveryId: string): Promise<TrackingLink> {
  const { id: delivery, siteId: site, day, recipientId } = await lockDelivery(change, deliveryId);
  if (!await isKnown(change, recipientId)) {
    throw conflict("recipient-erased", "The recipient of this order has been erased", {
      next: "Make a new order.",
    });
  }
  const { timeZone } = await change.tx.selectFrom("sites").select("timeZone").where("id", "=", site)
    .executeTakeFirstOrThrow();
  const expiresAt = expiryOf(day, timeZone);
  if (Temporal.Instant.compare(expiresAt, Temporal.Now.instant()) <= 0) {
    throw conflict("order-too-old", `This order's day is more than ${DAYS_AFTER} days ago`, {
      next: "Move it to a new day first, if it is still to be delivered.",
    });
  }
  const id = newId();
  const token = randomBytes(32).toString("base64url");
  await change.tx.deleteFrom("trackingLinks").where("deliveryId", "=", delivery).execute();
  await change.tx.insertInto("trackingLinks")
    .values({ id, deliveryId: delivery, tokenHash: hashToken(token), expiresAt: expiresAt.toString() })
    .execute();
  change.record("tracking-link.made", { delivery, site, link: id, expiresAt: expiresAt.toString() });
  return {
    url: `${change.services.config.FLEETHOLD_PUBLIC_URL}/t#${token}`,
    expiresAt: expiresAt.toString(),
  };
}

/**
 * What the holder of a link may see of the order. Unknown, replaced, expired links and those of somebody erased are
 * answered alike; guesses are counted by the network address they come from.
 *
 * @throws Problem link-unknown, too-many-attempts, keys-unavailable
 */
export async function track(
  services: Services,
  token: string,
  clientAddress: string | null,
): Promise<Tracking> {
  const buckets = clientAddress === null ? [] : [guessesFrom(services, clientAddress)];
  await begin(services, buckets);
  const tracked = await findTracked(services, token);
  // Whoever knows a token has not guessed, whatever else keeps us from answering.
  await succeed(services, buckets);
  const holder = { ...visitor("tracking-link"), sites: [tracked.siteId] };
  return await shown(new Reader(services, holder), tracked);
}

/** Deletes links past their time. */
export async function forgetExpiredLinks(change: Change): Promise<void> {
  const { numDeletedRows } = await change.tx.deleteFrom("trackingLinks")
    .where("expiresAt", "<", sql<Date>`now()`).executeTakeFirst();
  if (numDeletedRows > 0n) change.record("tracking-links.forgotten", { count: Number(numDeletedRows) });
  else change.unchanged();
}

/** The same answer whatever is wrong with a link, so that nobody learns anything by trying. */
export const linkUnknown = () =>
  new Problem(404, "link-unknown", "This link is not valid, or not any more", {
    next: "Ask whoever sent it for a new one.",
    recorded: true,
  });

type Tracked = Awaited<ReturnType<typeof findTracked>>;

/** Asked of every site, since only the link tells which one; the driver may have gone to another by now. */
const findTracked = ({ db }: Services, token: string) =>
  db.selectFrom("trackingLinks")
    .innerJoin("deliveries", "deliveries.id", "trackingLinks.deliveryId")
    .innerJoin("sites", "sites.id", "deliveries.siteId")
    .leftJoin("drivers", "drivers.id", "deliveries.driverId")
    .select([
      "trackingLinks.expiresAt",
      "deliveries.id",
      "deliveries.siteId",
      "deliveries.recipientId",
      "deliveries.driverId",
      "drivers.personId",
      "drivers.sealed",
      "deliveries.number",
      "deliveries.state",
      "deliveries.outcome",
      "deliveries.day",
      "deliveries.windowAfter",
      "deliveries.windowBefore",
      "sites.timeZone",
    ])
    .where("tokenHash", "=", hashToken(token)).where(sql<boolean>`expires_at > now()`)
    .executeTakeFirstOrThrow(linkUnknown);

async function shown(reader: Reader, row: Tracked): Promise<Tracking> {
  if (!await isKnown(reader, row.recipientId)) throw linkUnknown();
  const driver = driverShown.includes(row.state) ? await driverOf(reader, row) : null;
  const steps = await reader.db.selectFrom("deliverySteps").select(["toState", "happenedAt"])
    .where("deliveryId", "=", row.id).where("undoneAt", "is", null).where("toState", "in", stepsShown)
    .orderBy("seq").execute();
  await recordSight(reader.services, reader.actor, "tracking.read", [
    { id: row.id, subject: row.recipientId },
    ...(driver ? [{ id: driver.id, subject: driver.personId }] : []),
  ]);
  return {
    companyName: (await theCompany(reader)).name,
    number: row.number,
    state: row.state,
    day: row.day,
    window: row.windowAfter && row.windowBefore
      ? { after: row.windowAfter.toISOString(), before: row.windowBefore.toISOString() }
      : null,
    timeZone: row.timeZone,
    driverFirstName: driver?.firstName ?? null,
    outcome: row.outcome,
    steps: steps.map(({ toState, happenedAt }) => ({ state: toState, at: happenedAt.toISOString() })),
    expiresAt: row.expiresAt.toISOString(),
  };
}

/** The order's driver; null without one, and for one who has been erased. */
async function driverOf(
  reader: Reader,
  { driverId: id, personId, sealed }: Tracked,
): Promise<{ id: string; personId: string; firstName: string } | null> {
  if (!id || !personId) return null;
  // Recorded with the order it is shown with.
  const person = await reader.openOne<DriverPerson>("drivers", { id, subject: personId, sealed }, null);
  return person && { id, personId, firstName: person.name.split(/\s+/)[0]! };
}

async function isKnown(reader: Reader, subject: string): Promise<boolean> {
  return (await reader.services.keys.load([subject])).get(subject) !== null;
}

/** The moment the last day of a link ends. */
const expiryOf = (day: string, timeZone: string): Temporal.Instant =>
  Temporal.PlainDate.from(day).add({ days: DAYS_AFTER + 1 }).toZonedDateTime(timeZone).toInstant();

/** Links that led nowhere from one address, apart from its sign-ins; a household or a mobile carrier may share it. */
const guessesFrom = (services: Services, address: string): Bucket => ({
  key: peppered(services.config, "throttle tracking", networkOf(address)),
  free: 20,
  closedAt: 2 ** 31 - 1,
  afterSuccess: "take back",
});

const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();
