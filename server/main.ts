import type { Hono } from "hono";
import type pg from "pg";
import { createApp } from "./app.ts";
import { startLive } from "./audit/live.ts";
import { demoCompany } from "./demo/company.ts";
import { feedDemo } from "./demo/feed.ts";
import { signInTable } from "./demo/sign_in_table.ts";
import { measureBackups } from "./backups/metrics.ts";
import { jobs, schedule } from "./jobs.ts";
import { migrate, pendingMigrations } from "./migrate.ts";
import { operate } from "./operate.ts";
import { fetchOutside } from "./outbound/fetcher.ts";
import { createOutbound } from "./outbound/service.ts";
import { BlindIndex } from "./platform/blind_index.ts";
import {
  appSettings,
  type Config,
  ConfigFault,
  migrateSettings,
  outboundSettings,
  readConfig,
  serveSettings,
  workSettings,
} from "./platform/config.ts";
import { type DataTables, type KeysTables, kyselyOver, openPool } from "./platform/database.ts";
import { alive, health } from "./platform/health.ts";
import { KeyStore } from "./platform/keys.ts";
import { createLog, type Logger } from "./platform/log.ts";
import { Metrics } from "./platform/metrics.ts";
import { noOutside, type Outside, outsideBy } from "./platform/outside.ts";
import { Problem } from "./platform/problem.ts";
import { followFile } from "./access/sso/file.ts";
import type { NewProvider } from "./access/sso/schema.ts";
import type { Services } from "./platform/services.ts";
import { startWorker } from "./platform/worker.ts";

/** The one place that reads the environment, opens what lives as long as the process, and ends it in order. */
const commands: Record<string, () => Promise<void>> = {
  serve,
  work,
  outbound,
  migrate: runMigrate,
  demo,
  operate: runOperate,
};

const environment = () => Deno.env.toObject();

async function serve() {
  const config = readConfig(serveSettings, environment(), Deno.readTextFileSync);
  const log = createLog(config.FLEETHOLD_LOG_LEVEL, "serve");
  const { services, pools, close } = open(config, log, 16, outsideOf(config));
  const metrics = new Metrics(pools);
  void followProvidersOf(config, services, log);
  const live = startLive(services);
  let isDraining = false;
  const app = createApp(services, metrics, config.FLEETHOLD_WEB_DIR, live, () => isDraining);
  const pem = readPem(config.FLEETHOLD_TLS_PEM);
  const unanswered = new Set<Promise<void>>();
  const server = Deno.serve({
    ...config.FLEETHOLD_LISTEN,
    ...(pem && { cert: pem, key: pem }),
    onListen: ({ hostname, port }) => log.info({ hostname, port }, "listening"),
  }, (request, info) => {
    const answer = Promise.resolve(app.fetch(request, info));
    const gone = () => void unanswered.delete(done);
    const done = answer.then(gone, gone);
    unanswered.add(done);
    return answer;
  });
  const probes = answerProbes(config, health(services, metrics, () => isDraining));
  await Promise.race([asked(), replaced(config.FLEETHOLD_TLS_PEM, pem, log)]);
  isDraining = true;
  log.info("draining");
  // Until the proxy has seen that no new requests are wanted, they are answered as before.
  await sleep(config.FLEETHOLD_DRAIN_SECONDS);
  // A live connection never ends by itself; browsers come back to whoever serves next.
  await live.close();
  // `shutdown` takes the bodies away that are still arriving: whoever sends one is answered first.
  await Promise.race([Promise.all(unanswered).then(() => server.shutdown()), sleep(END_SECONDS)]);
  await probes?.shutdown();
  await close();
}

async function work() {
  const config = readConfig(workSettings, environment(), Deno.readTextFileSync);
  const log = createLog(config.FLEETHOLD_LOG_LEVEL, "work");
  const { services, pools, close } = open(config, log, 6);
  const metrics = new Metrics(pools);
  measureBackups(metrics, services);
  const probes = answerProbes(config, health(services, metrics));
  const worker = await startWorker({
    pool: pools.data,
    jobs: Object.fromEntries(
      Object.entries(jobs).map(([name, job]) => [name, (payload) => job(services, payload)]),
    ),
    schedule,
    metrics,
    log,
  });
  log.info("working");
  await Promise.race([asked(), worker.ended]);
  await worker.stop();
  await probes?.shutdown();
  await close();
}

/** Asks outside for the API. */
async function outbound() {
  const config = readConfig(outboundSettings, environment(), Deno.readTextFileSync);
  const token = config.FLEETHOLD_OUTBOUND_TOKEN;
  if (token === undefined) throw new ConfigFault(["FLEETHOLD_OUTBOUND_TOKEN is missing"]);
  const log = createLog(config.FLEETHOLD_LOG_LEVEL, "outbound");
  const rules = { hosts: config.FLEETHOLD_SSO_HOSTS ?? null };
  const app = createOutbound({ token, outside: (request) => fetchOutside(request, rules), log });
  const pem = readPem(config.FLEETHOLD_TLS_PEM);
  const server = Deno.serve({
    ...config.FLEETHOLD_LISTEN,
    ...(pem && { cert: pem, key: pem }),
    onListen: ({ hostname, port }) => log.info({ hostname, port }, "listening"),
  }, app.fetch);
  const probes = answerProbes(config, alive());
  await Promise.race([asked(), replaced(config.FLEETHOLD_TLS_PEM, pem, log)]);
  await Promise.race([server.shutdown(), sleep(END_SECONDS)]);
  await probes?.shutdown();
}

/** Migrates both clusters; with `--pending` only lists what there is to do. `--by-operator` notes in the trail who asked. */
async function runMigrate() {
  const config = readConfig(migrateSettings, environment(), Deno.readTextFileSync);
  const log = createLog(config.FLEETHOLD_LOG_LEVEL, "migrate");
  if (Deno.args.includes("--pending")) return await answer(await pendingMigrations(config, log));
  await migrate(config, log, { byOperator: Deno.args.includes("--by-operator") });
}

/** Answers one request of the operator's command as a line of JSON. An argument `-` is read from standard input. */
async function runOperate() {
  const config = readConfig(appSettings, environment(), Deno.readTextFileSync);
  const { services, close } = open(config, createLog("silent", "operate"), 2);
  const [, request, argument] = Deno.args;
  const given = argument === "-" ? await new Response(Deno.stdin.readable).text() : argument;
  await answer(await operate(services, [request!, ...(given === undefined ? [] : [given])]));
  await close();
}

/** Fills an installation that is not set up with an invented company and writes to stdout how to sign in. */
async function demo() {
  const config = readConfig(appSettings, environment(), Deno.readTextFileSync);
  const { services, close } = open(config, createLog("error", "demo"), 4);
  const company = demoCompany({
    today: Temporal.Now.plainDateISO("Europe/Berlin").toString(),
    now: Temporal.Now.instant().toString(),
  });
  const signIns = await feedDemo(services, company);
  await Deno.stdout.write(new TextEncoder().encode(signInTable(signIns)));
  await close();
}

/** Writes the result of a one-shot to stdout, where the program that started it reads it. */
async function answer(result: unknown): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
}

/** Opens both clusters and what every slice needs. */
function open(config: Config, log: Logger, connections: number, outside = noOutside) {
  const pools = {
    data: openPool({
      url: config.FLEETHOLD_DATA_URL,
      password: config.FLEETHOLD_DATA_PASSWORD,
      size: connections,
      name: "fleethold",
      log,
    }),
    keys: openPool({
      url: config.FLEETHOLD_KEYS_URL,
      password: config.FLEETHOLD_KEYS_PASSWORD,
      size: 4,
      name: "fleethold",
      log,
    }),
  } satisfies Record<string, pg.Pool>;
  const services: Services = {
    config,
    log,
    db: kyselyOver<DataTables>(pools.data),
    keys: new KeyStore(kyselyOver<KeysTables>(pools.keys), config.FLEETHOLD_MASTER_KEY),
    blindIndex: new BlindIndex(config.FLEETHOLD_SEARCH_KEY),
    outside,
  };
  return { services, pools, close: () => Promise.all([pools.data.end(), pools.keys.end()]) };
}

/**
 * Sets up the identity providers of the operator's file, as soon as the database answers: the API comes up without it, and
 * what cannot be as the file has it must not keep it away either.
 */
async function followProvidersOf(
  { FLEETHOLD_SSO_PROVIDERS: wanted = [] }: { FLEETHOLD_SSO_PROVIDERS?: NewProvider[] | undefined },
  services: Services,
  log: Logger,
): Promise<void> {
  for (;;) {
    try {
      return await followFile(services, wanted);
    } catch (error) {
      if (error instanceof Problem) {
        log.error(
          { slug: error.slug, faults: error.details.faults },
          "the file of providers cannot be followed",
        );
        return;
      }
      log.warn({ err: error }, "the file of providers waits for the database");
      await sleep(FILE_SECONDS);
    }
  }
}

const FILE_SECONDS = 5;

/** By the service `outbound`, where there is one. */
function outsideOf(
  { FLEETHOLD_OUTBOUND_URL: url, FLEETHOLD_OUTBOUND_TOKEN: token }: {
    FLEETHOLD_OUTBOUND_URL?: string | undefined;
    FLEETHOLD_OUTBOUND_TOKEN?: string | undefined;
  },
): Outside {
  return url && token ? outsideBy({ url, token }) : noOutside;
}

/** Answers whoever asks on this host or in this container how the process is doing. */
function answerProbes(
  { FLEETHOLD_PROBE_LISTEN: address }: Pick<Config, "FLEETHOLD_PROBE_LISTEN">,
  { fetch }: Pick<Hono, "fetch">,
) {
  return address && Deno.serve({ ...address, onListen: () => {} }, fetch);
}

/** The certificate's chain and key to answer with; without it the server speaks plain HTTP. */
const readPem = (path: string | undefined) => path === undefined ? undefined : Deno.readTextFileSync(path);

/**
 * Resolves when the file of the certificate holds another one: `Deno.serve` keeps the one it began with, so the process
 * drains and ends, and whoever supervises it starts it with the new one.
 */
async function replaced(path: string | undefined, pem: string | undefined, log: Logger): Promise<void> {
  do await sleep(CERTIFICATE_LOOK_SECONDS); while (readPem(path) === pem);
  log.info("the certificate was renewed");
}

const CERTIFICATE_LOOK_SECONDS = 15;
/** What is under way has so long to end, once the process has drained. */
const END_SECONDS = 8;

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Resolves when somebody asks this process to end: a signal, or, with `--end-with-stdin`, the end of the program that
 * started it and holds the other end of our stdin.
 */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => resolve());
    if (Deno.args.includes("--end-with-stdin")) {
      void Deno.stdin.readable.pipeTo(new WritableStream()).then(resolve, () => {});
    }
  });
}

/**
 * A failure that nobody waited for ends the process, as Deno does by itself. But Deno would print the error's message,
 * which can quote values.
 */
function endOnStrayFailures(log: Logger): void {
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    log.fatal({ err: error }, "a failure that nobody waited for; it is safer to start anew than to go on");
    Deno.exit(70); // EX_SOFTWARE of sysexits.h
  };
  addEventListener("unhandledrejection", (event) => end(event, event.reason));
  addEventListener("error", (event) => end(event, event.error));
}

if (import.meta.main) {
  const name = Deno.args[0] ?? "";
  const command = commands[name];
  if (!command) {
    await Deno.stderr.write(
      new TextEncoder().encode(`usage: main.ts ${Object.keys(commands).join(" | ")}\n`),
    );
    Deno.exit(2);
  }
  endOnStrayFailures(createLog("error", name));
  try {
    await command();
    Deno.exit(0);
  } catch (error) {
    if (error instanceof ConfigFault) {
      await Deno.stderr.write(new TextEncoder().encode(`${error.message}\n`));
      Deno.exit(78); // EX_CONFIG of sysexits.h
    }
    if (error instanceof Problem) {
      const { message, details: { next } } = error;
      await Deno.stderr.write(
        new TextEncoder().encode(`error: ${message}${next ? `\nhint: ${next}` : ""}\n`),
      );
      Deno.exit(1);
    }
    createLog("error", name).fatal({ err: error }, "cannot go on");
    Deno.exit(1);
  }
}
