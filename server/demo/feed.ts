import { sql } from "kysely";
import { createAccount } from "../access/account.ts";
import { equip } from "../access/factors.ts";
import { completeLogins } from "../access/login.ts";
import { type Role, seesAllSites } from "../access/rights.ts";
import { onlyOnce } from "../access/setup.ts";
import { type Actor, system } from "../audit/actor.ts";
import { Change } from "../audit/change.ts";
import { createCompany } from "../company/company.ts";
import { createDeliveries } from "../deliveries/delivery.ts";
import { createDriver } from "../drivers/driver.ts";
import { createVehicle } from "../drivers/vehicle.ts";
import type { Services } from "../platform/services.ts";
import { createSite } from "../sites/site.ts";
import type { DemoCompany, DemoStaff } from "./company.ts";
import { type DemoCredentials, makeCredentials, typedSecret } from "./credentials.ts";
import { type ActAs, type MadeOrder, standAsTold, tellHistory } from "./history.ts";

/** What somebody of the demo company signs in with. */
export interface DemoSignIn {
  role: Role;
  email: string;
  password: string;
  totpSecret: string;
  /** Whether they have something on the road just now: the driver to look at. */
  onTheRoad: boolean;
}

/** In every entry of the trail: what the demo did, nobody did. */
const VIA = "demo";

/**
 * Sets an installation up with an invented company, its accounts and its orders. All of it is one transaction: an
 * installation whose feed was killed is as empty as before, apart from keys that belong to nobody.
 *
 * @returns how each account signs in, staff first, known to nobody else
 * @throws Problem already-set-up
 */
export async function feedDemo(
  services: Services,
  demo: DemoCompany,
  now = Temporal.Now.instant(),
): Promise<DemoSignIn[]> {
  await services.db.transaction().execute((tx) => onlyOnce(new Change(services, system(VIA), tx)));
  const credentials = await makeCredentials(services.config, demo.staff.length + demo.drivers.length);
  const [staffCredentials, driverCredentials] = [
    credentials.slice(0, demo.staff.length),
    credentials.slice(demo.staff.length),
  ];
  await completeLogins(services);
  await services.db.transaction().execute(async (tx) => {
    const actAs: ActAs = async (actor, act) => {
      const change = new Change(services, actor, tx);
      const result = await act(change);
      await change.settle();
      return result;
    };
    const [owner] = await actAs(system(VIA), async (change) => {
      await onlyOnce(change);
      await createCompany(change, demo.company);
      return await hire(change, demo.staff.slice(0, 1), [], staffCredentials);
    });
    const crew = await actAs(owner!, async (change) => {
      const siteIds: string[] = [];
      for (const site of demo.sites) siteIds.push((await createSite(change, site)).id);
      return {
        siteIds,
        staff: await hire(change, demo.staff.slice(1), siteIds, staffCredentials.slice(1)),
        drivers: await takeOn(change, demo, siteIds, driverCredentials),
      };
    });
    await tellHistory(actAs, await order(actAs, demo, crew, now));
  });
  const onTheRoad = new Set(demo.orders.flatMap(({ state, driver }) => state === "arrived" ? [driver] : []));
  return [
    ...demo.staff.map(({ role, email }) => ({ role, email, onTheRoad: false })),
    ...demo.drivers.map(({ email }, at) => ({
      role: "driver" as const,
      email,
      onTheRoad: onTheRoad.has(at),
    })),
  ].map((person, at) => ({
    ...person,
    password: credentials[at]!.password,
    totpSecret: typedSecret(credentials[at]!),
  }));
}

/** The people at work, as the actors they are. */
interface Crew {
  siteIds: string[];
  staff: Actor[];
  /** By the drivers' index. */
  drivers: Actor[];
}

async function hire(
  change: Change,
  staff: readonly DemoStaff[],
  allSiteIds: readonly string[],
  credentials: readonly DemoCredentials[],
): Promise<Actor[]> {
  const actors: Actor[] = [];
  for (const [at, { sites, ...person }] of staff.entries()) {
    const siteIds = sites.map((site) => allSiteIds[site]!);
    const personId = await change.newSubject();
    actors.push(await activate(change, { ...person, personId, siteIds, driverId: null }, credentials[at]!));
  }
  return actors;
}

async function takeOn(
  change: Change,
  { drivers }: DemoCompany,
  siteIds: readonly string[],
  credentials: readonly DemoCredentials[],
): Promise<Actor[]> {
  const actors: Actor[] = [];
  for (const [at, { name, phone, email, site, vehicle }] of drivers.entries()) {
    const siteId = siteIds[site]!;
    const { id: vehicleId } = await createVehicle(change, { ...vehicle, siteId });
    const { id: driverId } = await createDriver(change, { name, phone, email, siteId, vehicleId });
    const { personId } = await change.tx.selectFrom("drivers").select("personId").where("id", "=", driverId)
      .executeTakeFirstOrThrow();
    const person = { name, email, role: "driver" as const, personId, siteIds: [], driverId };
    const actor = await activate(change, person, credentials[at]!);
    await change.tx.updateTable("drivers").set({ accountId: actor.accountId }).where("id", "=", driverId)
      .execute();
    actors.push({ ...actor, sites: [siteId] });
  }
  return actors;
}

/** Makes an account that can sign in at once; its recovery codes are shown to nobody. */
async function activate(
  change: Change,
  { driverId, ...person }: Parameters<typeof createAccount>[1] & { driverId: string | null },
  { passwordHash, totpSecret }: DemoCredentials,
): Promise<Actor> {
  const account = await createAccount(change, person);
  await equip(change, account, { passwordHash, totp: { secret: totpSecret, step: 0 } });
  change.record("account.activated", {
    account: account.id,
    role: account.role,
    ...(driverId && { driver: driverId }),
  });
  return {
    ...system(VIA),
    accountId: account.id,
    personId: account.personId,
    role: account.role,
    driverId,
    sites: seesAllSites(account.role) ? "all" : [...person.siteIds],
  };
}

/** Makes each site's orders, by the dispatcher who looks after the fewest sites beside it. */
async function order(
  actAs: ActAs,
  { orders }: DemoCompany,
  { siteIds, staff, drivers }: Crew,
  now: Temporal.Instant,
): Promise<MadeOrder[]> {
  const made: MadeOrder[] = [];
  for (const [site, siteId] of siteIds.entries()) {
    const dispatcher = staff.filter(({ role, sites }) => role === "dispatcher" && sites.includes(siteId))
      .sort((a, b) => a.sites.length - b.sites.length)[0]!;
    const ofSite = orders.filter((order) => order.site === site);
    made.push(
      ...await actAs(dispatcher, async (change) => {
        const ids = await createDeliveries(
          change,
          siteId,
          ofSite.map(({ fields, recipient }) => ({ ...fields, recipient })),
        );
        const recipients = await recipientIdsOf(change, ids);
        const madeHere = ofSite.map((order, at): MadeOrder => {
          const driver = order.driver === null ? null : drivers[order.driver]!;
          return {
            order,
            id: ids[at]!,
            siteId,
            driverId: driver?.driverId ?? null,
            recipientId: recipients.get(ids[at]!)!,
            dispatcher,
            driver,
          };
        });
        await standAsTold(change, madeHere, now);
        return madeHere;
      }),
    );
  }
  return made;
}

async function recipientIdsOf(change: Change, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await change.tx.selectFrom("deliveries").select(["id", "recipientId"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).execute();
  return new Map(rows.map(({ id, recipientId }) => [id, recipientId]));
}
