import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tellingVerdict, watchPromises } from "../../server/backups/alarms.ts";
import type { BackupState } from "../../server/backups/schema.ts";
import { jobs } from "../../server/jobs.ts";
import { Reader } from "../../server/audit/reader.ts";
import { system } from "../../server/audit/actor.ts";
import { openPool } from "../../server/platform/database.ts";
import { Metrics } from "../../server/platform/metrics.ts";
import { startWorker } from "../../server/platform/worker.ts";
import { type Caller, origin, useCompany } from "../harness/app.ts";
import { healthyRuns, healthyState } from "./healthy.ts";
import { TestMailServer } from "../harness/mail_server.ts";
import { BackupService } from "./service.ts";
import { WebhookReceiver } from "./webhook_receiver.ts";

const company = useCompany();
const service = new BackupService(company);
const secret = "a-secret-between-the-two";
let owner: Caller, mail: TestMailServer, webhook: WebhookReceiver;
let worker: Awaited<ReturnType<typeof startWorker>>;
let pool: ReturnType<typeof openPool>;

beforeAll(async () => {
  owner = await company.as("owner");
  mail = await TestMailServer.start();
  webhook = new WebhookReceiver(secret);
  const { config, log } = company.services;
  pool = openPool({
    url: config.FLEETHOLD_DATA_URL,
    password: config.FLEETHOLD_DATA_PASSWORD,
    size: 6,
    name: "test-worker",
    log,
  });
  worker = await startWorker({
    pool,
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [name, (payload) => job(company.services, payload)]),
    ),
    schedule: [],
    metrics: new Metrics({}),
    log,
  });
});
beforeEach(async () => {
  await service.isGone();
  Object.assign(company.services.config, {
    FLEETHOLD_SMTP: { hostname: "localhost", port: mail.port },
    FLEETHOLD_SMTP_USER: "alerts",
    FLEETHOLD_SMTP_PASSWORD: "opensesame",
    FLEETHOLD_SMTP_AUTHORITY: mail.authority,
    FLEETHOLD_MAIL_FROM: "fleethold@kestrel.example",
    FLEETHOLD_ALERT_MAIL: ["olive@kestrel.example", "it@kestrel.example"],
    FLEETHOLD_ALERT_WEBHOOK: webhook.url,
    FLEETHOLD_ALERT_SECRET: secret,
  });
});
afterEach(async () => {
  webhook.answer = null;
  await eventually(async () => (await waitingJobs()).length === 0);
  mail.arrived.splice(0);
  webhook.told.splice(0);
});
afterAll(async () => {
  await worker?.stop();
  await pool?.end();
  await mail?.end();
  await webhook?.end();
});

let clock = new Date();
/** The watch looks once a minute. */
async function looks(...states: (Partial<BackupState> | null)[]): Promise<void> {
  for (const over of states) {
    clock = new Date(clock.getTime() + 60_000);
    if (over) await service.reports(healthyState(clock, over));
    await watchPromises(company.services, clock);
  }
}
async function begins(): Promise<void> {
  clock = new Date();
  await service.ran(...healthyRuns(clock));
}
const full = { repository: { usedBytes: 96e9, freeBytes: 4e9, fullInDays: 3 } };
const well = {};

const waitingJobs = async () =>
  (await sql<
    { task: string; attempts: number }
  >`select task_identifier as task, attempts from graphile_worker.jobs
    where task_identifier like 'backups.tell%'`.execute(company.superDb)).rows;
/** Has the queue try again at once, not only when it is time, until something is so. */
const triesUntil = (holds: () => boolean | Promise<boolean>) =>
  eventually(async () => {
    await sql`update graphile_worker._private_jobs set run_at = now() where run_at > now()`.execute(
      company.superDb,
    );
    return await holds();
  });
const acts = async (act: string, since: number) =>
  (await owner.get(`/api/audit?act=backup.${act}&limit=100`)).body.items
    .filter(({ id }: { id: string }) => Number(id) > since);
const newest = async () =>
  (await sql<{ id: number }>`select coalesce(max(id), 0) as id from audit_entries`.execute(company.superDb))
    .rows[0]!.id;

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !await holds();) {
    if (Date.now() > end) throw new Error("it did not come true within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a promise that breaks", () => {
  it("is told of by mail and by webhook once it is seen broken twice, and once more when it is kept again", async () => {
    await begins();
    const since = await newest();
    await looks(well, full);
    expect([await acts("promise-broken", since), mail.arrived, webhook.told]).toEqual([[], [], []]);
    await looks(full, full, full);
    await eventually(() => mail.arrived.length > 0 && webhook.told.length > 0);
    expect(mail.arrived).toHaveLength(1);
    expect(mail.arrived[0]).toMatchObject({
      to: ["olive@kestrel.example", "it@kestrel.example"],
      isEncrypted: true,
      user: "alerts",
    });
    expect(readable(mail.arrived[0]!.text)).toMatch(
      /Subject: Fleethold backups: 1 promise is broken \(127\.0\.0\.1:8080\)/,
    );
    expect(readable(mail.arrived[0]!.text)).toMatch(
      /There is room for backups\s+Only 4 % of the room for backups is free: 4\.00 GB\.\s+What to do: Give the disk/,
    );
    expect(webhook.told).toMatchObject([{
      isSigned: true,
      body: {
        about: "backups",
        installation: origin,
        page: `${origin}/backups`,
        broken: [{ promise: "room", reason: "room-short", grave: false }],
        still: [],
        kept: [],
      },
    }]);
    expect(webhook.told[0]!.id).toBe(webhook.told[0]!.body.id);
    expect(await acts("promise-broken", since)).toMatchObject([{
      detail: { promise: "room", reason: "room-short" },
    }]);

    await looks(well, well, well, well, well);
    expect(webhook.told).toHaveLength(1);
    await looks(well);
    await eventually(() => mail.arrived.length === 2 && webhook.told.length === 2);
    expect(webhook.told[1]!.body.kept).toMatchObject([{ promise: "room" }]);
    expect(await acts("promise-kept", since)).toMatchObject([{ detail: { promise: "room" } }]);
    await eventually(async () => (await acts("told", since)).length === 4);
  });

  it("only for the moment of a restart is told to nobody", async () => {
    await begins();
    const since = await newest();
    await looks(well, full, well, full, well);
    // Looked at, then the worker was away for an hour: that is a first look again.
    await looks(full);
    clock = new Date(clock.getTime() + 3_600_000);
    await looks(full, well, well);
    expect([await acts("promise-broken", since), await waitingJobs(), webhook.told]).toEqual([[], [], []]);
  });

  it("and comes and goes is told of once", async () => {
    await begins();
    await looks(full, full, well, full, well, well, full, full, well);
    await eventually(() => webhook.told.length > 0);
    await looks(full);
    expect(webhook.told).toHaveLength(1);
  });

  it("and stays broken is told of again each day", async () => {
    await begins();
    await looks(full, full);
    await eventually(() => webhook.told.length === 1);
    for (let day = 1; day <= 2; day++) {
      clock = new Date(clock.getTime() + 24 * 3_600_000);
      // The runs grow old meanwhile, which is none of this test's business.
      await sql`update backup_runs set started_at = started_at + interval '1 day', ended_at = ended_at + interval '1 day'`
        .execute(company.superDb);
      await looks(full, full);
      await eventually(() => webhook.told.length === day + 1);
      expect(webhook.told[day]!.body.still).toMatchObject([{ promise: "room" }]);
    }
  });

  it("together with others makes one message, in which the service's silence stands for what follows from it", async () => {
    await begins();
    await looks(well);
    clock = new Date(clock.getTime() + 10 * 60_000);
    await looks(null, null);
    await eventually(() => webhook.told.length === 1);
    expect(webhook.told[0]!.body.broken.map(({ promise }: { promise: string }) => promise)).toEqual([
      "reporting",
    ]);
  });

  it("is looked after by one at a time, however many look", async () => {
    await begins();
    const since = await newest();
    await looks(full);
    clock = new Date(clock.getTime() + 60_000);
    await service.reports(healthyState(clock, full));
    await Promise.all(Array.from({ length: 5 }, () => watchPromises(company.services, clock)));
    await eventually(async () => (await acts("told", since)).length === 2);
    expect([mail.arrived.length, webhook.told.length]).toEqual([1, 1]);
  });
});

describe("a message that cannot be delivered", () => {
  it("waits until the mail server is back, arrives once, and holds up no webhook", async () => {
    await begins();
    const since = await newest();
    await mail.end();
    await looks(full, full);
    await eventually(async () => webhook.told.length === 1 && (await acts("not-told", since)).length === 1);
    expect(await waitingJobs()).toMatchObject([{ task: "backups.tell-by-mail" }]);
    const { body } = await owner.get("/api/backups");
    expect(body.verdicts.at(-1)).toMatchObject({
      promise: "told",
      kept: false,
      reason: { code: "not-told", facts: { by: "mail", why: "unreachable" } },
    });
    await triesUntil(async () => (await waitingJobs())[0]!.attempts >= 3);
    expect(await acts("not-told", since)).toHaveLength(1);
    await mail.begin();
    await triesUntil(() => mail.arrived.length === 1);
    await eventually(async () => (await waitingJobs()).length === 0);
    expect(await tellingVerdict(new Reader(company.services, system("test")))).toMatchObject({ kept: true });
    expect([mail.arrived.length, webhook.told.length]).toEqual([1, 1]);
  });

  it("is tried every few minutes however long it takes, and given up when it is of no use any more", async () => {
    await begins();
    webhook.answer = () => new Response("out of order", { status: 500 });
    await looks(full, full);
    await eventually(async () =>
      (await waitingJobs()).length === 1 && (await waitingJobs())[0]!.attempts === 1
    );
    await sql`update graphile_worker._private_jobs set attempts = 20, run_at = now() + interval '6 hours'`
      .execute(
        company.superDb,
      );
    await looks(full);
    const { rows: [job] } = await sql<{ attempts: number; soon: boolean }>`
      select attempts, run_at < now() + interval '6 minutes' as soon from graphile_worker.jobs
      where task_identifier = 'backups.tell-by-webhook'`.execute(company.superDb);
    expect(job).toEqual({ attempts: 5, soon: true });
    await sql`update graphile_worker._private_jobs set run_at = now(),
      payload = jsonb_set(payload::jsonb, '{at}', to_jsonb((now() - interval '4 days')::text))::json`.execute(
      company.superDb,
    );
    await eventually(async () => (await waitingJobs()).length === 0);
    expect(webhook.told).toEqual([]);
  });

  it.each([
    ["a redirect", () => Response.redirect("http://127.0.0.1:1/elsewhere", 307), "status-307"],
    ["a fault of its own", () => new Response("x".repeat(100_000), { status: 503 }), "status-503"],
  ])("by a webhook that answers %s is not taken for delivered", async (_, answer, why) => {
    await begins();
    webhook.answer = answer;
    await looks(full, full);
    await eventually(async () => {
      const verdict = await tellingVerdict(new Reader(company.services, system("test")));
      return verdict.reason?.facts.why === why;
    });
    webhook.answer = null;
    await triesUntil(() => webhook.told.length === 1);
  });
});

describe("whoever is told", () => {
  it("is nobody where the settings name nobody, which the page says", async () => {
    const { config } = company.services;
    Object.assign(config, { FLEETHOLD_SMTP: undefined, FLEETHOLD_ALERT_WEBHOOK: undefined });
    await begins();
    const since = await newest();
    await looks(full, full);
    expect(await acts("promise-broken", since)).toHaveLength(1);
    expect(await waitingJobs()).toEqual([]);
    const { body } = await owner.get("/api/backups");
    expect(body.verdicts.at(-1)).toMatchObject({
      promise: "told",
      kept: null,
      reason: { code: "nobody-told" },
    });
    config.FLEETHOLD_ALERT_WEBHOOK = webhook.url;
    await looks(full);
    expect((await owner.get("/api/backups")).body.verdicts.at(-1)).toMatchObject({ kept: true });
  });

  it("hears nothing personal, nor does the queue or the log hold an address", async () => {
    await begins();
    await mail.end();
    await looks(full, full);
    await eventually(async () => (await waitingJobs()).some(({ attempts }) => attempts > 0));
    const { rows } = await sql<
      { text: string }
    >`select string_agg(payload::text || coalesce(last_error, ''), ' ') as text
      from graphile_worker._private_jobs`.execute(company.superDb);
    expect(rows[0]!.text).not.toMatch(/kestrel\.example/);
    await mail.begin();
    await triesUntil(() => mail.arrived.length === 1);
    expect(company.logged.join("")).not.toMatch(/olive@|it@kestrel|opensesame|alerts\?room/);
  });

  it("is told nothing of an installation that makes no backups", async () => {
    await watchPromises(company.services);
    await watchPromises(company.services);
    expect(await waitingJobs()).toEqual([]);
  });
});

/** A mail's text without the line breaks that quoted-printable adds. */
const readable = (text: string) =>
  text.replaceAll(/=\r\n/g, "").replaceAll(/\r\n\s+/g, " ").replaceAll("=E2=80=9C", "“").replaceAll(
    "=E2=80=9D",
    "”",
  );
