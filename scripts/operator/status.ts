import { version } from "../../server/version.ts";
import type { Migrations } from "../../server/migrate.ts";
import type { Holdings } from "../../server/operate.ts";
import { type Running, runningInstallation } from "../embedded/lock.ts";
import { childrenOf } from "../embedded/processes.ts";
import { runningAs } from "../embedded/program.ts";
import { exitCodes } from "../installation/refusal.ts";
import { print } from "../installation/terminal.ts";
import { ask } from "./accounts.ts";
import type { CommandLine } from "./command_line.ts";
import { diskUsage } from "./disk.ts";
import { lastErrors, type LoggedError, type PartName, parts } from "./logs.ts";
import { pendingMigrations } from "./migration.ts";

/** What `status --json` prints. Names stay as they are; more may come. */
interface Status {
  version: string;
  directory: string;
  running: boolean;
  /** Whether nothing below needs anybody's attention. */
  well: boolean;
  url: string | null;
  /** Process ids; null for a part that does not run now. */
  processes: Record<"launcher" | PartName, number | null>;
  /** The answer of /readyz; null when there was none. */
  health: { status: string; database: string; keys: string } | null;
  /** Null where the clusters could not be asked. */
  schema: { upToDate: boolean; pending: Migrations } | null;
  holds: Holdings | null;
  /** Bytes. */
  disk: { data: number; keys: number; logs: number; free: number | null };
  errors: LoggedError[];
}

/** How each part is told apart in the list of processes. */
const signs: Record<PartName, string> = {
  serve: "server/main.ts serve",
  work: "server/main.ts work",
  data: "/data/pgdata",
  keys: "/keys/pgdata",
};

/** Says what runs, whether it is well and how much it holds: as a table, or as JSON for programs. */
export async function status(directory: string, { json }: CommandLine): Promise<number> {
  const now = await statusOf(directory);
  print(json ? JSON.stringify(now, null, 2) : table(now));
  if (!now.running) return exitCodes.notRunning;
  return now.well ? exitCodes.stopped : exitCodes.unwell;
}

async function statusOf(directory: string): Promise<Status> {
  const running = await runningInstallation(directory);
  const [processes, health, pending, holds, disk, errors] = await Promise.all([
    processesOf(running),
    running ? orNull(healthOf(running)) : null,
    running ? orNull(pendingMigrations(runningAs(directory, running))) : null,
    running ? orNull(ask<Holdings>(directory, "holdings")) : null,
    diskUsage(directory),
    lastErrors(directory, 3),
  ]);
  const upToDate = pending !== null && pending.data.length + pending.keys.length === 0;
  return {
    version,
    directory,
    running: running !== undefined,
    well: health?.status === "ok" && upToDate && Object.values(processes).every((pid) => pid !== null),
    url: running?.url ?? null,
    processes,
    health,
    schema: pending && { upToDate, pending },
    holds,
    disk,
    errors,
  };
}

async function processesOf(running: Running | undefined): Promise<Status["processes"]> {
  const children = running ? await childrenOf(running.pid) : [];
  const pidOf = (part: PartName) =>
    children.find(({ command }) => command.includes(signs[part]))?.pid ?? null;
  const found = Object.fromEntries(parts.map((part) => [part, pidOf(part)])) as Record<
    PartName,
    number | null
  >;
  return { launcher: running?.pid ?? null, ...found };
}

async function healthOf({ url }: Running): Promise<NonNullable<Status["health"]>> {
  return await (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })).json();
}

/** A part that cannot be asked is what the status is about: it is shown as not known. */
const orNull = <T>(asked: Promise<T>): Promise<T | null> => asked.catch(() => null);

function table(now: Status): string {
  const rows: [string, string][] = [
    ["installation", now.directory],
    ["release", now.version],
    ["state", now.running ? now.well ? "running, all well" : "running, but not well" : "stopped"],
  ];
  if (now.running) {
    const { health, schema, holds } = now;
    rows.push(
      ["address", now.url!],
      ...Object.entries(now.processes).map(([part, pid]): [string, string] => [
        part,
        pid ? `process ${pid}` : "does not run now; the launcher starts it again",
      ]),
      [
        "health",
        health ? `${health.status} (database ${health.database}, keys ${health.keys})` : "does not answer",
      ],
      ["schema", schema === null ? "could not be asked" : describeSchema(schema)],
      ["orders", holds ? holds.orders.toLocaleString("en") : "could not be counted"],
      ["accounts", holds ? holds.accounts.toLocaleString("en") : "could not be counted"],
    );
  }
  const { data, keys, logs, free } = now.disk;
  rows.push([
    "disk",
    `data ${size(data)}, keys ${size(keys)}, logs ${size(logs)}` +
    (free === null ? "" : `; ${size(free)} free`),
  ]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    "",
    now.errors.length > 0 ? "last errors in the logs" : "no errors in the logs",
    ...now.errors.map(({ part, line }) => `  ${part}: ${line}`),
  ].join("\n");
}

function describeSchema({ upToDate, pending }: NonNullable<Status["schema"]>): string {
  if (upToDate) return "up to date";
  return `older than this release; deno task migrate brings ${[...pending.keys, ...pending.data].join(", ")}`;
}

/** Bytes in the largest unit that leaves at least one: `340 MB`, `1.2 GB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const amount = bytes / 1000 ** power;
  return `${amount.toLocaleString("en", { maximumFractionDigits: amount < 10 ? 1 : 0 })} ${units[power]}`;
}
