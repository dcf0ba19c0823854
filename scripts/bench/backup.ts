import { tmpdir } from "node:os";
import { system } from "../../server/audit/actor.ts";
import { change } from "../../server/audit/change.ts";
import { createSite } from "../../server/sites/site.ts";
import type { BenchOptions } from "../bench.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { during, say } from "../installation/terminal.ts";
import { answersBesideBackups, loadOf } from "./backup_answers.ts";
import { Endings } from "./backup_endings.ts";
import { gigabytes, median, rounded, tell } from "./backup_figures.ts";
import { multiply, sizeOf } from "./backup_fill.ts";
import { loseInstallations } from "./backup_losses.ts";
import { BackedUp, pause, type Ran } from "./backup_site.ts";
import { baseBackup, dumpAndRestore, restoreCopy } from "./backup_yardsticks.ts";
import { ensureCompany, fill, signInDispatchers } from "./fill.ts";
import { environmentOf, openServices } from "./services.ts";

interface Scale {
  /** Orders made as an import makes them; all others are multiplied from these. */
  orders: number;
  /** Backups and bare copies take turns, so that other work on the machine meets both. */
  rounds: number;
  /** Windows of requests, with and without backups in turns, and the seconds each takes. */
  windows: number;
  window: number;
  /** Installations that die amid writes. */
  trials: number;
  /** Seconds before the service's memory is read. */
  rest: number;
}

const whole: Scale = { orders: 6_000, rounds: 3, windows: 2, window: 60, trials: 20, rest: 30 };
/** Enough to see that every part still runs. */
const small: Scale = { orders: 600, rounds: 1, windows: 1, window: 5, trials: 1, rest: 2 };

const DISPATCHERS = 10;
/** What is done after the last backup and replayed from the log, as a share of all data. */
const SINCE = 0.03;
/** Database, log, repository, a restored copy, a dump: so many times the data at most. */
const ROOM = 6;

/**
 * Fills an installation and measures what its backups cost, beside the programs that everybody has: a full backup and
 * `pg_basebackup`, a restore and `pg_restore`, answers while a backup is copied and while none is. Then lets small
 * installations die amid writes and counts what is lost. With `quick`, there is less of everything, and the figures say little.
 */
export async function run({ gb, quick }: BenchOptions): Promise<Record<string, number>> {
  await needRoom(gb);
  const scale = quick ? small : whole;
  const endings = new Endings();
  try {
    const filled = await fillInstallation(gb, scale, endings);
    const figures = await measure(filled, scale, endings);
    await endings.clear();
    const { trials } = scale;
    say(`letting an installation die ${trials} times`);
    const losses = await loseInstallations(trials, endings);
    tell("losses", losses);
    return {
      data_gb: rounded(filled.bytes / 1e9, 2),
      full_vs_basebackup: figures.full,
      restore_vs_pg_restore: figures.restore,
      api_p95_ratio: figures.answers,
      trials,
      acked_lost_max: losses.most,
      drill_s: figures.drill,
    };
  } finally {
    await endings.end();
  }
}

interface Filled {
  site: BackedUp;
  bytes: number;
  siteIds: string[];
  /** Cookies of dispatchers. */
  users: string[];
  /** Fills it up to so many bytes. */
  fillTo(bytes: number): Promise<number>;
}

/** An installation with so much in it, at rest. Its backup service is held still; the log is received. */
async function fillInstallation(gb: number, { orders, rest }: Scale, endings: Endings): Promise<Filled> {
  const site = await BackedUp.start(endings);
  await during("waiting for the service's first backups", site.untilIdle());
  const environment = await environmentOf(site.directory);
  const { services, close } = openServices(environment, 4);
  endings.add(close);
  const siteIds = await ensureCompany(services);
  const users = await signInDispatchers(services, siteIds, DISPATCHERS);
  const address = { street: null, postcode: null, city: null, position: null, timeZone: "Europe/Berlin" };
  const archive = await change(
    services,
    system("bench"),
    (change) => createSite(change, { name: "Long ago", ...address }),
  );
  const fillTo = (bytes: number) => multiply(() => site.connect(), archive.id, bytes);
  await during("storing orders", fill(environment, siteIds, orders));
  const began = performance.now();
  const made = await fillTo(gb * 1e9);
  const seconds = (performance.now() - began) / 1000;
  const bytes = await sizeNow(site);
  tell("filled", { orders: orders + made, size: gigabytes(bytes), seconds });
  await untilArchived(site);
  await during("letting the service rest", pause(rest * 1000));
  tell("memory at rest, MB", await site.memory());
  await site.hold(endings);
  return { site, bytes, siteIds, users, fillTo };
}

async function measure(filled: Filled, { orders, rounds, windows, window }: Scale, endings: Endings) {
  const { site, bytes, siteIds, users } = filled;
  const full = await fullBesideBaseBackup(site, rounds, endings);
  const load = loadOf(site, { users, siteIds, orders, seconds: window });
  const answers = await answersBesideBackups(site, load, windows, endings);
  await filled.fillTo(await sizeNow(site) + bytes * SINCE);
  await untilArchived(site);
  const restore = await restoreBesidePgRestore(site, endings);
  const drill = await during("a drill", site.do("drill", endings));
  tell("a drill", { ...drill.steps, ...drill.figures.drill! });
  return {
    full: rounded(full, 2),
    answers: rounded(answers, 2),
    restore: rounded(restore, 2),
    drill: rounded(drill.seconds, 1),
  };
}

/** @returns the seconds of a full backup, from pgBackRest's start to its end, as a multiple of pg_basebackup's */
async function fullBesideBaseBackup(site: BackedUp, rounds: number, endings: Endings): Promise<number> {
  const base: number[] = [], full: Ran[] = [];
  for (let round = 1; round <= rounds; round++) {
    const seconds = await during("pg_basebackup", baseBackup(site, endings));
    const ran = await during("a full backup", site.do("full", endings));
    await site.keepNewest();
    tell(`round ${round}`, { pg_basebackup: seconds, ...ran.steps });
    base.push(seconds);
    full.push(ran);
  }
  const copying = median(full.map(({ steps }) => steps.copying!));
  const whole = median(full.map((ran) => ran.seconds));
  tell("a full backup", {
    pg_basebackup_s: median(base),
    copying_s: copying,
    whole_run_s: whole,
    whole_run_vs_basebackup: whole / median(base),
    added_to_repository: gigabytes(full.at(-1)!.figures.addedBytes!),
  });
  return copying / median(base);
}

/** @returns the seconds of pg_restore as a multiple of those of our restore with its replay */
async function restoreBesidePgRestore(site: BackedUp, endings: Endings): Promise<number> {
  const ours = await during("restoring and replaying", restoreCopy(site, endings));
  tell("restored", { copy_s: ours.copy, replay_s: ours.replay, log: gigabytes(ours.logBytes) });
  const dumped = await during("pg_dump and pg_restore", dumpAndRestore(site, endings));
  tell("dumped", { pg_dump_s: dumped.dump, pg_restore_s: dumped.restore, dump: gigabytes(dumped.bytes) });
  return dumped.restore / (ours.copy + ours.replay);
}

/** Waits until all log but the piece that is written now is in the repository. */
async function untilArchived({ parts: { data } }: BackedUp): Promise<void> {
  await data.switchSegment();
  while ((await data.position()).waitingSegments > 0) await pause(500);
}

async function sizeNow(site: BackedUp): Promise<number> {
  const client = await site.connect();
  try {
    return await sizeOf(client);
  } finally {
    await client.end();
  }
}

async function needRoom(gb: number): Promise<void> {
  const args = ["--block-size=1", "--output=avail", tmpdir()];
  const { stdout } = await new Deno.Command("df", { args }).output();
  const free = Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1));
  const wanted = gb * ROOM * 1e9 + 5e9;
  if (free >= wanted) return;
  throw new Refusal(
    `${gb} GB need ${gigabytes(wanted)} of room in ${tmpdir()}, and ${gigabytes(free)} are free`,
    "measure less with --gb, or name a larger place in TMPDIR",
    exitCodes.usage,
  );
}
