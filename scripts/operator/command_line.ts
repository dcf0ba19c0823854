import { parseArgs } from "node:util";
import { nearest } from "../../server/platform/nearest.ts";
import { absoluteDirectory } from "../embedded/options.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";

/** The commands there are, with what stands after their name. */
const takes = {
  status: 0,
  migrate: 0,
  logs: 1,
  "new-link": 1,
  "end-sessions": 1,
  sso: 1,
  backups: 0,
  restore: 0,
  peek: 1,
  mark: 1,
  help: 0,
  version: 0,
} as const satisfies Record<string, 0 | 1>;

type Command = keyof typeof takes;

export interface CommandLine {
  command: Command;
  /** What stands after the command: an e-mail address, which log, an order's number or a moment's name. */
  argument: string | undefined;
  /** Undefined: `data` in the checkout. Otherwise absolute. */
  data: string | undefined;
  json: boolean;
  yes: boolean;
  follow: boolean;
  /** To which moment: `latest`, a moment's name or a time. */
  to: string;
  cluster: "data" | "keys";
  /** Of restore: puts back what the last one kept aside, or lets go of it. */
  putBack: boolean;
  discardAside: boolean;
  /** Of peek: every order of that order's recipient. */
  customer: boolean;
}

/** What a command says that fits nobody else's flags is refused: somebody meant something by it. */
const flags: Partial<Record<string, readonly Command[]>> = {
  to: ["restore", "peek"],
  cluster: ["restore", "backups"],
  "put-back": ["restore"],
  "discard-aside": ["restore"],
  customer: ["peek"],
};

export const help = `Looks after an installation that deno task start made on this machine.

  deno task fleethold COMMAND [--data DIR]

  status [--json]       what runs, whether it is well, and how much it holds
  logs [PART] [-f]      the last lines of a log: serve, work, data or keys, or of all; -f goes on with what comes
  migrate               brings both clusters to this release's schema, whether the installation runs or not
  new-link EMAIL        a link to choose a new password and authenticator, for who lost the phone and has no recovery
                        codes left; the old ones work until the link is used
  end-sessions EMAIL    signs somebody out everywhere, as after a phone was stolen
  sso off               lets people sign in with password and code again, as when the company's identity provider fails
  backups [--json]      what can be brought back: any moment between when and when
  restore [--to WHEN]   brings the data back as of a moment; the present data is kept aside. The installation must not
                        run. --put-back undoes it, --discard-aside lets go of what was kept
  peek ORDER --to WHEN  an order as it was then beside what it is now; --customer: all orders of its recipient
  mark NAME             gives this moment a name to go back to, as before an import
  version               this release
  help                  this text

  --data DIR  where the installation keeps its data (default: ./data)
  --to WHEN   latest (default), a time such as "2026-11-26 10:00", or the name of a moment
  --yes       does it without asking first

Links and numbers stand on standard output, everything else on standard error. What new-link, end-sessions, sso,
migrate, restore and peek do stands in the audit trail.

Exit codes
  ${exitCodes.stopped}  done; for status: it runs and is well
  ${exitCodes.refused}  refused: nobody has that e-mail address, the question was not answered with yes, or the directory is in use
  ${exitCodes.usage}  a command or flag is unknown, or there is no installation in the directory
  ${exitCodes.toolsMissing}  PostgreSQL is missing and could not be installed
  ${exitCodes.notStarted}  something failed; the message says what and where its log is
  ${exitCodes.notRunning}  the installation is not running
  ${exitCodes.unwell}  status: it runs, but a part is missing, cannot be reached, or its schema is older than this release
`;

/**
 * Reads the command line.
 *
 * @throws {Refusal} with exit code 2 on anything unknown, with what was probably meant
 */
export function parseCommandLine(args: string[]): CommandLine {
  const { values, positionals } = flagsOf(args);
  const [command = "help", argument, ...rest] = positionals;
  if (!isCommand(command)) {
    throw unusable(`There is no command ${command}; did you mean ${nearest(command, Object.keys(takes))}?`);
  }
  const surplus = takes[command] === 0 ? argument : rest[0];
  if (surplus !== undefined) throw unusable(`${command} does not know what to do with ${surplus}`);
  if (argument === undefined && (command === "new-link" || command === "end-sessions")) {
    throw unusable(`${command} needs the e-mail address of an account`);
  }
  if (command === "sso" && argument !== "off") throw unusable("sso takes one word, off");
  if (argument === undefined && command === "peek") throw unusable("peek needs the number of an order");
  if (argument === undefined && command === "mark") throw unusable("mark needs a name for this moment");
  for (const [flag, commands] of Object.entries(flags)) {
    if (flag in values && !commands!.includes(command)) throw unusable(`${command} knows no --${flag}`);
  }
  const { data, json = false, yes = false, follow = false, cluster = "data" } = values;
  if (cluster !== "data" && cluster !== "keys") {
    throw unusable(`There is no cluster ${cluster}; the clusters are data and keys`);
  }
  return {
    command: values.help ? "help" : command,
    argument,
    data: absoluteDirectory(data),
    json,
    yes,
    follow,
    to: values.to ?? "latest",
    cluster,
    putBack: values["put-back"] ?? false,
    discardAside: values["discard-aside"] ?? false,
    customer: values.customer ?? false,
  };
}

function flagsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        data: { type: "string" },
        json: { type: "boolean" },
        yes: { type: "boolean", short: "y" },
        follow: { type: "boolean", short: "f" },
        to: { type: "string" },
        cluster: { type: "string" },
        "put-back": { type: "boolean" },
        "discard-aside": { type: "boolean" },
        customer: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw unusable((error as Error).message.split(". ")[0]!);
  }
}

const isCommand = (name: string): name is Command => Object.hasOwn(takes, name);

const unusable = (message: string) =>
  new Refusal(message, "deno task fleethold help lists the commands", exitCodes.usage);
