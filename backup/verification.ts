import { join } from "node:path";
import type { Ledger } from "./ledger.ts";
import { firstGap } from "./log_segments.ts";
import { type PgBackRest, PgBackRestFailed, type StanzaInfo, type Target } from "./pgbackrest.ts";

export interface Verified {
  files: number;
  bytes: number;
  /** What is wrong, one finding a line: file and fault. Empty: all is as it should be. */
  findings: string[];
}

/** The first segment that any backup in the repository needs, by the folder of the log that it is in. */
export function neededOf({ backup, db }: StanzaInfo): Map<string, string> {
  const needed = new Map<string, string>();
  for (const { database, archive } of backup) {
    const version = db.find(({ id }) => id === database.id)?.version;
    const folder = `${version}-${database.id}`;
    const known = needed.get(folder);
    if (known === undefined || archive.start < known) needed.set(folder, archive.start);
  }
  return needed;
}

/** Backups of the present cluster; one that was here before has a log of its own. */
export const presentOf = ({ backup, db }: Pick<StanzaInfo, "backup" | "db">): StanzaInfo["backup"] =>
  backup.filter(({ database }) => database.id === db.at(-1)?.id);

/** The first segment of the present cluster's log that any backup in the repository needs. */
export const oldestNeeded = (info: StanzaInfo): string | undefined =>
  presentOf(info).map(({ archive }) => archive.start).sort()[0];

export const labelsOf = ({ backup }: StanzaInfo): Set<string> => new Set(backup.map(({ label }) => label));

/**
 * Looks at a whole repository: every byte against the ledger, the log for gaps, both copies of each `.info` file, and
 * pgBackRest's own `verify`, whose exit code says 0 whatever it found, so that its words are read instead.
 */
export async function verifyRepository(
  { pgBackRest, ledger, repository, target, onProgress, signal }: {
    pgBackRest: PgBackRest;
    ledger: Ledger;
    repository: string;
    target: Target;
    onProgress?: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<Verified> {
  const info = await pgBackRest.info(target);
  const audit = await ledger.audit((share) => onProgress?.(share / 2), signal);
  const findings = [
    ...audit.findings,
    ...await infoFindings(pgBackRest, target),
    ...await logFindings(pgBackRest, repository, target, info),
    ...await wordsOfVerify(pgBackRest, target, [], signal),
  ];
  onProgress?.(1);
  return { files: audit.files, bytes: audit.bytes, findings: [...new Set(findings)] };
}

/** Looks at one backup just made: pgBackRest's `verify` for it, where the release can, and its entry in `info`. */
export async function verifyBackup(
  { pgBackRest, target, label, signal }: {
    pgBackRest: PgBackRest;
    target: Target;
    label: string;
    signal?: AbortSignal;
  },
): Promise<string[]> {
  const { backup } = await pgBackRest.info(target);
  const made = backup.find((one) => one.label === label);
  if (!made) return [`${label} is not in the repository`];
  const findings = made.error
    // Checksums of the live cluster's pages, which a backup checks as it reads them.
    ? [`${label} was made from pages of the live cluster whose checksums are wrong`]
    : [];
  const { verifiesOne } = await pgBackRest.features();
  return [
    ...findings,
    ...await wordsOfVerify(pgBackRest, target, verifiesOne ? [`--set=${label}`] : [], signal),
  ];
}

/** What pgBackRest's `verify` complains of. Any word but that all is well is a finding. */
async function wordsOfVerify(
  pgBackRest: PgBackRest,
  target: Target,
  args: string[],
  signal?: AbortSignal,
): Promise<string[]> {
  try {
    const text = await pgBackRest.run(target, "verify", ["--output=text", ...args], {
      gently: true,
      ...(signal && { signal }),
    });
    return text.split("\n").map((line) => line.trim())
      .filter((line) => line !== "" && !isFine(line)).map((line) => `pgBackRest: ${line}`);
  } catch (error) {
    if (error instanceof PgBackRestFailed) return [error.message];
    throw error;
  }
}

const isFine = (line: string): boolean =>
  /^stanza: \w+$/.test(line) || /^status: (ok|valid)$/.test(line) ||
  // Counts of what was looked at, with nothing wrong in them.
  /^archiveId: .*total WAL checked: (\d+), total valid WAL: \1$/.test(line) ||
  /^backup: .*, status: valid, .*total files checked: (\d+), total valid files: \1$/.test(line) ||
  /^missing: 0, checksum invalid: 0, size invalid: 0, other: 0$/.test(line);

/** Each `.info` file and its copy hold the same; where one is damaged pgBackRest silently goes on with the other. */
async function infoFindings(pgBackRest: PgBackRest, target: Target): Promise<string[]> {
  const findings: string[] = [];
  for (const file of [`archive/${target.stanza}/archive.info`, `backup/${target.stanza}/backup.info`]) {
    const texts: string[] = [];
    for (const name of [file, `${file}.copy`]) {
      try {
        texts.push(await pgBackRest.run(target, "repo-get", [name]));
      } catch (error) {
        if (!(error instanceof PgBackRestFailed)) throw error;
        findings.push(`${name} cannot be read; put ${name === file ? `${file}.copy` : file} in its place`);
      }
    }
    if (texts.length === 2 && texts[0] !== texts[1]) {
      findings.push(`${file} and ${file}.copy differ: one of them is damaged`);
    }
  }
  return findings;
}

async function logFindings(
  pgBackRest: PgBackRest,
  repository: string,
  { stanza }: Target,
  info: StanzaInfo,
): Promise<string[]> {
  const archived = await pgBackRest.archived(repository, stanza);
  const gap = firstGap(archived.keys(), oldestNeeded(info));
  const missing = presentOf(info).flatMap(({ label, archive }) =>
    [archive.start, archive.stop].filter((segment) => !archived.has(segment)).map((segment) =>
      `${label} needs ${segment} of the log, which is missing`
    )
  );
  return [
    ...(gap ? [`${join("archive", stanza)} lacks ${gap} of the log although later pieces are there`] : []),
    ...missing,
  ];
}
