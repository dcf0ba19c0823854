import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { createAccount } from "../../server/access/account.ts";
import type { Role } from "../../server/access/rights.ts";
import { cookieName, startSession } from "../../server/access/session.ts";
import { createApp } from "../../server/app.ts";
import { system } from "../../server/audit/actor.ts";
import { type Change, change } from "../../server/audit/change.ts";
import { type Live, startLive } from "../../server/audit/live.ts";
import type { NewDelivery } from "../../server/deliveries/schema.ts";
import { createDriver } from "../../server/drivers/driver.ts";
import { fetchOutside } from "../../server/outbound/fetcher.ts";
import { BlindIndex } from "../../server/platform/blind_index.ts";
import type { Config } from "../../server/platform/config.ts";
import {
  type Database,
  type DataTables,
  type KeysTables,
  kyselyOver,
  openPool,
} from "../../server/platform/database.ts";
import { newId } from "../../server/platform/id.ts";
import { KeyStore } from "../../server/platform/keys.ts";
import { createLog } from "../../server/platform/log.ts";
import { Metrics } from "../../server/platform/metrics.ts";
import type { Services } from "../../server/platform/services.ts";
import type { ListedHost } from "../../server/platform/sso_hosts.ts";
import { createSite } from "../../server/sites/site.ts";
import { type ClusterFacts, urlOf } from "./global.ts";

/** A signed-in caller of the API under test. */
export interface Caller {
  accountId: string;
  personId: string;
  driverId: string | null;
  /** The cookie header of the session. */
  cookie: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** An answer with its body read: parsed when it is JSON. */
export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests look into whatever the API answered
  body: any;
}

/** One company of its own in databases of its own: two sites, and anybody a test asks for. */
export class Company {
  readonly services: Services;
  readonly app: ReturnType<typeof createApp>;
  readonly live: Live;
  readonly here: string = newId();
  readonly there: string = newId();
  /** Every line the server logged; FLEETHOLD_TEST_LOG=1 shows them as they come. */
  readonly logged: string[] = [];
  /** The data cluster as the superuser, for what the app may not do itself, such as making a link old. */
  readonly superDb: Database;
  readonly #pools: Record<"data" | "keys", pg.Pool>;
  readonly #superPool: pg.Pool;

  constructor(private readonly clusters: ClusterFacts, readonly database: string) {
    const shown = Deno.env.get("FLEETHOLD_TEST_LOG") === "1";
    const log = createLog("trace", "test", {
      write: (line) => {
        this.logged.push(line);
        if (shown) Deno.stderr.writeSync(new TextEncoder().encode(line));
      },
    });
    const config: Config = {
      FLEETHOLD_DATA_URL: urlOf(clusters.data.port, "fleethold_app", database),
      FLEETHOLD_DATA_PASSWORD: clusters.passwords.app,
      FLEETHOLD_KEYS_URL: urlOf(clusters.keys.port, "fleethold_app", database),
      FLEETHOLD_KEYS_PASSWORD: clusters.passwords.app,
      FLEETHOLD_MASTER_KEY: new Uint8Array(32).fill(1),
      FLEETHOLD_SEARCH_KEY: new Uint8Array(32).fill(2),
      FLEETHOLD_PEPPER: new Uint8Array(32).fill(3),
      FLEETHOLD_SETUP_TOKEN: setupToken,
      FLEETHOLD_PUBLIC_URL: origin,
      FLEETHOLD_PROBE_LISTEN: undefined,
      FLEETHOLD_LOG_LEVEL: "silent",
    };
    const open = (url: string) =>
      openPool({ url, password: clusters.passwords.app, size: 8, name: "test", log });
    this.#pools = { data: open(config.FLEETHOLD_DATA_URL), keys: open(config.FLEETHOLD_KEYS_URL) };
    this.services = {
      config,
      log,
      db: kyselyOver<DataTables>(this.#pools.data),
      keys: new KeyStore(kyselyOver<KeysTables>(this.#pools.keys), config.FLEETHOLD_MASTER_KEY),
      blindIndex: new BlindIndex(config.FLEETHOLD_SEARCH_KEY),
      // Without the service between them; who may be asked is this machine.
      outside: (request) => fetchOutside(request, { hosts: thisMachine }),
    };
    const superUrl = new URL(clusters.data.superuserUrl);
    superUrl.pathname = `/${database}`;
    this.#superPool = new pg.Pool({ connectionString: superUrl.href, max: 1 });
    // Its connection may still be closing when `close` drops the database, which ends it the hard way.
    this.#superPool.on("error", () => {});
    this.#superPool.on("connect", (client) => void client.on("error", () => {}));
    this.superDb = kyselyOver<DataTables>(this.#superPool);
    this.live = startLive(this.services);
    this.app = createApp(this.services, new Metrics(this.#pools), null, this.live);
  }

  /** Does something as the appliance itself. */
  change<T>(act: (change: Change) => Promise<T>): Promise<T> {
    return change(this.services, system("test"), act);
  }

  /** Sets up the company with two sites, `here` and `there`. */
  async found(): Promise<void> {
    await this.change(async (change) => {
      await change.tx.insertInto("company").values({
        name: "Kestrel Couriers",
        timeZone: "Europe/Berlin",
        holidays: "DE",
      })
        .execute();
      const site = (name: string) =>
        createSite(change, {
          name,
          street: null,
          postcode: null,
          city: null,
          position: null,
          timeZone: "Europe/Berlin",
        });
      const [here, there] = [await site("Harbour depot"), await site("Hill depot")];
      Object.assign(this, { here: here.id, there: there.id });
      change.record("company.set-up", {});
    });
  }

  /** Signs in somebody of a role at these sites (default: `here`); a driver comes with a driver row. */
  async as(role: Role, sites: string[] = [this.here]): Promise<Caller> {
    const name = `Test ${role}`;
    const { account, token, driverId } = await this.change(async (change) => {
      const driver = role === "driver"
        ? await createDriver(change, { name, phone: null, email: null, siteId: sites[0]!, vehicleId: null })
        : null;
      const personId = driver
        ? (await change.tx.selectFrom("drivers").select("personId").where("id", "=", driver.id)
          .executeTakeFirstOrThrow())
          .personId
        : await change.newSubject();
      const email = `${role}-${newId()}@kestrel.example`;
      const account = await createAccount(change, {
        personId,
        role,
        siteIds: driver ? [] : sites,
        name,
        email,
      });
      if (driver) {
        await change.tx.updateTable("drivers").set({ accountId: account.id }).where("id", "=", driver.id)
          .execute();
      }
      const { id, token } = await startSession(change, account, { device: "a test", address: null });
      // However long a test takes, it is not asked for a second factor on the way.
      await change.tx.updateTable("sessions").set({ provenAt: new Date(Date.now() + 86_400_000) })
        .where("id", "=", id).execute();
      return { account, token, driverId: driver?.id ?? null };
    });
    const cookie = `${cookieName(this.services.config)}=${token}`;
    return {
      accountId: account.id,
      personId: account.personId,
      driverId,
      cookie,
      ...this.caller({ cookie }),
    };
  }

  /** Calls the API with these headers on every request; without any, as somebody not signed in. */
  caller(always: Record<string, string> = {}): Pick<Caller, "get" | "post" | "put" | "patch" | "delete"> {
    const call =
      (method: string) => async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
        const bytes = body instanceof Uint8Array;
        const response = await this.app.request(`${origin}${path}`, {
          method,
          headers: {
            ...(body !== undefined && !bytes && { "Content-Type": "application/json" }),
            "Sec-Fetch-Site": "same-origin",
            ...always,
            ...headers,
          },
          body: body === undefined
            ? undefined
            : bytes
            ? body as Uint8Array<ArrayBuffer>
            : JSON.stringify(body),
        });
        return await read(response);
      };
    const get = call("GET"), remove = call("DELETE");
    return {
      get: (path, headers) => get(path, undefined, headers),
      post: call("POST"),
      put: call("PUT"),
      patch: call("PATCH"),
      delete: (path, headers) => remove(path, undefined, headers),
    };
  }

  /** A client of one of the clusters as the superuser, in this company's database; ends with the company. */
  async superuser(cluster: "data" | "keys"): Promise<pg.Client> {
    const url = new URL(this.clusters[cluster].superuserUrl);
    url.pathname = `/${this.database}`;
    const client = new pg.Client(url.href);
    await client.connect();
    this.#clients.push(client);
    return client;
  }
  readonly #clients: pg.Client[] = [];

  /** Forgets keys kept in memory, as a restart does. */
  forgetKeys(): void {
    this.services.keys = new KeyStore(
      kyselyOver<KeysTables>(this.#pools.keys),
      this.services.config.FLEETHOLD_MASTER_KEY,
    );
  }

  async close(): Promise<void> {
    await this.live.close();
    await Promise.all(this.#clients.map((client) => client.end()));
    await Promise.all([this.#superPool, ...Object.values(this.#pools)].map((pool) => pool.end()));
    for (const cluster of ["data", "keys"] as const) {
      await administer(this.clusters, cluster, `drop database if exists ${this.database} with (force)`);
    }
  }
}

/** Any port of it, where tests let providers of their own listen. */
export const thisMachine: ListedHost[] = ["127.0.0.1", "localhost"].map((host) => ({ host, port: null }));

export const origin = "http://127.0.0.1:8080";
export const setupToken = "the-set-up-token-of-the-tests";

/** A company for the tests of one file, in databases cloned from the migrated template. `founded: false`: before set-up. */
export function useCompany({ founded = true }: { founded?: boolean } = {}): Company {
  let company: Company | undefined;
  beforeAll(async () => {
    const clusters = inject("clusters");
    const database = `test_${newId().replaceAll("-", "").slice(8)}`;
    for (const cluster of ["data", "keys"] as const) {
      await administer(
        clusters,
        cluster,
        `create database ${database} template fleethold owner fleethold_owner`,
      );
      await administer(
        clusters,
        cluster,
        `grant connect, temporary on database ${database} to fleethold_app`,
      );
    }
    company = new Company(clusters, database);
    if (founded) await company.found();
  });
  afterAll(() => company?.close());
  // The company exists once the tests run; until then there is only this stand-in for it.
  return new Proxy({} as Company, {
    get(_, name) {
      const value = Reflect.get(company!, name, company);
      return typeof value === "function" ? value.bind(company) : value;
    },
  });
}

/** An order as somebody would type it; what a test cares about goes into `overrides`. */
export function newOrder(siteId: string, overrides: Partial<NewDelivery> = {}): NewDelivery {
  return {
    siteId,
    number: `T-${newId().slice(-8)}`,
    kind: "delivery",
    day: "2026-11-23",
    window: null,
    serviceMinutes: 5,
    priority: "normal",
    quantity: 1,
    weightKg: null,
    volumeL: null,
    cash: null,
    tags: [],
    requires: [],
    reference: null,
    ...overrides,
    recipient: {
      name: "Mara Beispiel",
      phone: "+49 30 23125 101",
      email: "mara@beispiel.example",
      street: "Ahornallee 12",
      unit: null,
      postcode: "05017",
      city: "Lindental",
      country: "DE",
      note: null,
      position: null,
      ...overrides.recipient,
    },
  };
}

async function administer(
  clusters: ClusterFacts,
  cluster: "data" | "keys",
  statement: string,
): Promise<void> {
  const client = new pg.Client(clusters[cluster].superuserUrl);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function read(response: Response): Promise<Answer> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) {
    // It never ends; tests of live updates read it themselves.
    await response.body?.cancel();
    return { status: response.status, headers: response.headers, body: null };
  }
  const body = type.includes("json")
    ? await response.json()
    : type.startsWith("image/")
    ? new Uint8Array(await response.arrayBuffer())
    : await response.text();
  return { status: response.status, headers: response.headers, body };
}
