import { join } from "node:path";
import { BackupState } from "../server/backups/schema.ts";
import { readText, writeDurably } from "./files.ts";
import { firstGap } from "./log_segments.ts";
import type { Parts } from "./parts.ts";
import type { BackupInfo } from "./pgbackrest.ts";
import type { Until } from "./restored_copy.ts";
import type { ClusterName, Places } from "./settings.ts";

/** A moment that somebody gave a name, to be able to go back to it. */
export interface NamedMoment {
  name: string;
  at: string;
}

/** What can be brought back of a cluster, without asking the cluster itself. */
export interface Recoverable {
  cluster: ClusterName;
  /** Any moment between these; null: there is no backup. */
  from: string | null;
  to: string | null;
  backups: { label: string; kind: string; at: string; databaseBytes: number }[];
  moments: NamedMoment[];
  timeZone: string;
  /** Bytes a second at which the last drill restored and replayed; null before the first. */
  pace: number | null;
}

/** An operator asked for what cannot be: what is so and what to do. */
export class Refused extends Error {
  override name = "Refused";
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** Reads the repository, the stream and the service's own memory. Neither cluster has to run. */
export async function recoverable(parts: Parts, cluster: ClusterName): Promise<Recoverable> {
  const { pgBackRest, places, files } = parts;
  const config = join(places.run, "list.conf");
  await files.write(config, pgBackRest.restoring(places.repository(cluster), cluster, "/nonexistent"));
  const { backup } = await pgBackRest.info({ config, stanza: cluster });
  const state = await lastState(places);
  const newest = backup.at(-1);
  const archived = await pgBackRest.archived(places.repository(cluster), cluster);
  const isBroken = newest && firstGap(archived.keys(), newest.archive.stop) !== null;
  const published = state?.clusters[cluster].recoverable?.to;
  const [from, last] = [backup[0], newest].map((info) => info && moment(info.timestamp.stop));
  const drill = await lastDrill(places);
  return {
    cluster,
    from: from ?? null,
    to: !last ? null : isBroken || !published || published < last ? last : published,
    backups: backup.map((info: BackupInfo) => ({
      label: info.label,
      kind: info.type,
      at: moment(info.timestamp.stop),
      databaseBytes: info.info.size,
    })),
    moments: cluster === "data" ? await namedMoments(places) : [],
    timeZone: state?.timeZone ?? "UTC",
    pace: drill ? drill.databaseBytes / Math.max(1, drill.restoreSeconds + drill.replaySeconds) : null,
  };
}

const moment = (seconds: number) => new Date(seconds * 1000).toISOString();

/** What the service told last, for when it or the product is away. */
export async function lastState(places: Places): Promise<BackupState | undefined> {
  const text = await readText(join(places.state, "state.json"));
  const parsed = text && BackupState.safeParse(JSON.parse(text));
  return parsed && parsed.success ? parsed.data : undefined;
}

async function lastDrill(places: Places) {
  const text = await readText(join(places.state, "runs.json"));
  const runs = text ? JSON.parse(text) as { kind: string; figures: { drill?: DrillPace } }[] : [];
  return runs.findLast(({ kind, figures }) => kind === "drill" && figures.drill)?.figures.drill;
}
interface DrillPace {
  databaseBytes: number;
  restoreSeconds: number;
  replaySeconds: number;
}

const momentsFile = (places: Places) => join(places.state, "moments.json");

export async function namedMoments(places: Places): Promise<NamedMoment[]> {
  return JSON.parse(await readText(momentsFile(places)) ?? "[]");
}

/** Gives the present moment a name in the log. @throws Refused when the name is taken or cannot be */
export async function nameMoment({ data, places }: Parts, name: string): Promise<NamedMoment> {
  if (!/^[\w .:,-]{1,60}$/.test(name)) {
    throw new Refused(
      `${JSON.stringify(name)} cannot be a moment's name`,
      "use up to 60 letters, digits, spaces and . : , - _",
    );
  }
  const moments = await namedMoments(places);
  if (moments.some((moment) => moment.name === name)) {
    throw new Refused(`There is a moment ${name} already`, "choose another name");
  }
  await data.query("select pg_create_restore_point($1)", [name]);
  const named = { name, at: new Date().toISOString() };
  await writeDurably(momentsFile(places), JSON.stringify([...moments, named].slice(-200)));
  return named;
}

/**
 * Reads what an operator types: `latest`, a named moment, or a time such as `2026-11-26 10:00` in the company's time
 * zone or with an offset.
 * @throws Refused when it is none, or nothing there can be restored
 */
export function readUntil(text: string, known: Recoverable): { until: Until; at: string } {
  const { from, to, timeZone } = known;
  if (!from || !to) {
    throw new Refused(
      `There is no backup of the ${known.cluster} cluster here`,
      "bring the repository back from offsite first: scripts/fleethold recover",
    );
  }
  if (text === "latest") return { until: { type: "latest" }, at: to };
  const named = known.moments.find(({ name }) => name === text);
  const at = named?.at ?? timeOf(text, timeZone);
  if (!at) {
    throw new Refused(
      `${JSON.stringify(text)} is neither a moment with that name nor a time`,
      `say latest, a time such as 2026-11-26 10:00 (${timeZone}), or one of: ${
        known.moments.map(({ name }) => name).join("; ") || "no moment has a name yet"
      }`,
    );
  }
  const words = (moment: string) => local(moment, timeZone);
  if (at < from) {
    throw new Refused(
      `${words(at)} is before the first backup`,
      `any moment between ${words(from)} and ${words(to)} can be restored`,
    );
  }
  if (at > to) {
    throw new Refused(
      `${words(at)} is after the end of the log`,
      `say latest for all there is, or a moment up to ${words(to)}`,
    );
  }
  return { until: named ? { type: "name", name: named.name } : { type: "time", at }, at };
}

function timeOf(text: string, timeZone: string): string | undefined {
  const tidy = text.trim().replace(" ", "T");
  try {
    if (/(Z|[+-]\d\d:?\d\d)$/.test(tidy)) {
      return new Date(Temporal.Instant.from(tidy).epochMilliseconds).toISOString();
    }
    const plain = Temporal.PlainDateTime.from(tidy);
    return new Date(plain.toZonedDateTime(timeZone).epochMilliseconds).toISOString();
  } catch {
    return undefined;
  }
}

/** A moment as the company's clocks show it: `2026-11-26 10:00:05 Europe/Berlin`. */
export function local(moment: string, timeZone: string): string {
  const at = Temporal.Instant.from(moment).toZonedDateTimeISO(timeZone);
  return `${at.toPlainDate()} ${at.toPlainTime().toString({ smallestUnit: "second" })} ${timeZone}`;
}

/** What can be brought back, in words. */
export function recoverableInWords({ cluster, from, to, backups, moments, timeZone }: Recoverable): string[] {
  if (!from || !to) return [`There is no backup of the ${cluster} cluster here yet.`];
  return [
    `Any moment of the ${cluster} cluster between ${local(from, timeZone)} and ${
      local(to, timeZone)
    } can be brought back.`,
    ...backups.map(({ label, kind, at, databaseBytes }) =>
      `  ${kind.padEnd(6)} ${local(at, timeZone)}  ${
        String(Math.round(databaseBytes / 1e6)).padStart(7)
      } MB  ${label}`
    ),
    ...moments.map(({ name, at }) => `  named  ${local(at, timeZone)}  ${name}`),
  ];
}
