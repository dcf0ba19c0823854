import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { oldestMajor } from "./postgres.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";

export interface Options {
  /** Undefined: 8080, or the next free port. */
  port: number | undefined;
  /** Undefined: `data` in the checkout. Otherwise absolute. */
  data: string | undefined;
  demo: boolean;
  help: boolean;
}

export const help = `Runs Fleethold on this machine, without Docker.

  deno task start [--port N] [--data DIR] [--demo]

  --port N    answer on http://127.0.0.1:N (default: 8080, or the next free port)
  --data DIR  keep databases, secrets and logs in DIR (default: ./data)
  --demo      fill an empty installation with an invented company and print how to sign in
  --help      this text

The first start makes the secrets and the databases and prints a link to set up the company. Ctrl-C stops everything;
starting again continues where it was. On standard output stand the line "ready <address>" and, until the company is
set up, the line "set-up: <link>"; progress and trouble go to standard error, logs to DIR/logs.

PostgreSQL ${oldestMajor} or newer is used where the machine has it. Otherwise root on Debian or Ubuntu gets it with apt, and
anybody else a copy of its programs from npm, which comes without backups.

FLEETHOLD_ALERT_MAIL with FLEETHOLD_SMTP and FLEETHOLD_MAIL_FROM, or FLEETHOLD_ALERT_WEBHOOK with
FLEETHOLD_ALERT_SECRET, name who is told when backups fail; docs/backup.md says how.

FLEETHOLD_SSO_HOSTS names the identity providers that may be asked, HOST or HOST:PORT with commas between them: one
on this machine or in this network has to be named, one on the internet needs not.

FLEETHOLD_LOG_LEVEL (trace, debug, info, warn, error) sets how much is logged; FLEETHOLD_WEB_DIR names a web UI that
is built already.

Exit codes
  ${exitCodes.stopped}  stopped as asked
  ${exitCodes.inUse}  the directory is in use by another start, or the port given with --port is busy
  ${exitCodes.usage}  a flag is unknown or its value is not valid
  ${exitCodes.toolsMissing}  PostgreSQL is missing and could not be installed
  ${exitCodes.notStarted}  a part did not start; the message says which and where its log is
`;

/**
 * Reads the command line.
 *
 * @throws {Refusal} with exit code 2 on anything unknown
 */
export function parseOptions(args: string[]): Options {
  const { port, data, demo, help } = flagsOf(args);
  return {
    port: port === undefined ? undefined : parsePort(port),
    data: absoluteDirectory(data),
    demo: demo ?? false,
    help: help ?? false,
  };
}

/** The directory named with --data, from where the operator typed the command. */
export function absoluteDirectory(given: string | undefined): string | undefined {
  // `deno task` changes into the checkout; INIT_CWD is where it was called.
  return given === undefined ? undefined : resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), given);
}

function flagsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        data: { type: "string" },
        demo: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new Refusal(
      (error as Error).message.split(". ")[0]!,
      "deno task start --help lists the flags",
      exitCodes.usage,
    );
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Refusal(`--port ${text} is not a TCP port`, "give a number from 1 to 65535", exitCodes.usage);
}
