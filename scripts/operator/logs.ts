import { join } from "node:path";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { print } from "../installation/terminal.ts";
import type { CommandLine } from "./command_line.ts";

/** The parts that write logs: the two programs, then the two clusters. */
export const parts = ["serve", "work", "data", "keys"] as const;
export type PartName = (typeof parts)[number];

const shownLines = 40;
const pauseMs = 500;

/** Shows the last lines of one log or of all, and with `-f` goes on with what is written until Ctrl-C. */
export async function logs(directory: string, { argument, follow }: CommandLine): Promise<number> {
  const shown = (argument === undefined ? parts : [knownPart(argument)])
    .map((part) => ({ part, log: new Tail(directory, part) }));
  const tell = (part: PartName, line: string) =>
    print(shown.length > 1 ? `${part.padEnd(5)} ${readable(line)}` : readable(line));
  for (const { part, log } of shown) {
    for (const line of (await log.newLines()).slice(-shownLines / shown.length)) tell(part, line);
  }
  while (follow) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    for (const { part, log } of shown) {
      for (const line of await log.newLines()) tell(part, line);
    }
  }
  return exitCodes.stopped;
}

/** A part's log, read on from where it was left; one that was put aside meanwhile begins anew. */
class Tail {
  readonly #path: string;
  #at = 0;
  /** The beginning of a line whose end is not written yet. */
  #begun = "";

  constructor(directory: string, part: PartName) {
    this.#path = join(directory, "logs", `${part}.log`);
  }

  async newLines(): Promise<string[]> {
    const text = this.#begun + await this.#readOn();
    const lines = text.split("\n");
    this.#begun = lines.pop()!;
    return lines;
  }

  async #readOn(): Promise<string> {
    try {
      using file = await Deno.open(this.#path);
      if ((await file.stat()).size < this.#at) this.#at = 0;
      await file.seek(this.#at, Deno.SeekMode.Start);
      const bytes = await new Response(file.readable).bytes();
      this.#at += bytes.length;
      return new TextDecoder().decode(bytes);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}

/** A line that says something went wrong. */
export interface LoggedError {
  part: PartName;
  line: string;
}

/** The last errors in the present logs, the newest last. */
export async function lastErrors(directory: string, count: number): Promise<LoggedError[]> {
  const found = await Promise.all(
    parts.map(async (part) =>
      (await new Tail(directory, part).newLines()).filter(isError)
        .slice(-count).map((line) => ({ part, line: readable(line) }))
    ),
  );
  return found.flat().sort((a, b) => momentOf(a.line) < momentOf(b.line) ? -1 : 1).slice(-count);
}

/** A cluster says FATAL also of each connection that comes too early or is ended by a stop. */
const isError = (line: string) =>
  /"level":"(error|fatal)"|^error: /.test(line) ||
  /\] (FATAL|PANIC): {2}(?!the database system is|terminating connection due to)/.test(line);

/** Every line begins with its moment, PostgreSQL's with a space before the time of day. */
const momentOf = (line: string) => line.slice(0, 23).replace(" ", "T");

/** A JSON line as `2026-11-23T07:05:11Z error sentence {"job":"…"}`; any other line as it is. */
function readable(line: string): string {
  try {
    const { level, time, msg, process: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
    return `${time} ${String(level).padEnd(5)} ${msg}${rest}`;
  } catch {
    return line;
  }
}

function knownPart(name: string): PartName {
  const part = parts.find((part) => part === name);
  if (part) return part;
  throw new Refusal(`There is no log ${name}`, `the logs are ${parts.join(", ")}`, exitCodes.usage);
}
