import { faultOf } from "./fault.ts";
import type { Copies, Options } from "./restic.ts";

/** In so many days a daily sample has read everything. */
export const PARTS = 30;

/** What reading back came to. */
export interface Reading {
  /** Files of the repository that were read. */
  files: number;
  /** Bytes of them: counted when all were read, by their share otherwise. */
  bytes: number;
  /** What is wrong, one finding a line. */
  findings: string[];
}

/**
 * Reads copies back from the target and checks every byte: restic's cipher is authenticated, so a flipped bit is found.
 *
 * @param part  1 to 30 for a sample, which days in turn make whole; undefined: everything
 * @throws {Fault} when the target cannot be read at all
 */
export async function readBack(copies: Copies, part: number | undefined, options: Options): Promise<Reading> {
  const said = await copies.say([
    "check",
    // The only exclusive lock on the data; where locks cannot be deleted it would shut us out.
    "--no-lock",
    part === undefined ? "--read-data" : `--read-data-subset=${part}/${PARTS}`,
  ], options);
  options.signal?.throwIfAborted();
  const text = `${said.out}\n${said.err}`;
  const findings = findingsIn(text);
  if (said.code !== 0 && findings.length === 0) throw faultOf(copies.address, said.code, text);
  const [, read = "0"] = [...text.matchAll(/(\d+) \/ \d+ packs/g)].at(-1) ?? [];
  const [, all = read] = /total (\d+) packs/.exec(text) ?? [];
  const files = Number(read);
  const used = await copies.usedBytes(options);
  return { files, bytes: Number(all) > 0 ? Math.round(used * files / Number(all)) : 0, findings };
}

/** What restic found wrong, in its words; a connection that failed meanwhile is no finding. */
function findingsIn(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) =>
    /^(pack|error|tree|blob|Pack ID|index|snapshot|decrypt|id |file |unable to load|failed to load)|does not match|not found in index|ciphertext|verification failed|unexpected EOF|truncated/i
      .test(line) &&
    !/retrying after|^(load|check|read) |repair|troubleshooting|^\[/.test(line)
  );
  const unreachable = lines.every((line) => faultOf("", 1, line).kind === "unreachable");
  return unreachable ? [] : [...new Set(lines)].slice(0, 20).map((line) => line.slice(0, 300));
}
