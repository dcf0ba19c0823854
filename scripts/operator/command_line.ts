import { parseArgs } from "node:util";
import { nearest } from "../../server/platform/nearest.ts";
import { absoluteDirectory } from "../embedded/options.ts";
import { exitCodes, Refusal } from "../embedded/refusal.ts";

/** The commands there are, with what stands after their name. */
const takes = {
  status: 0,
  migrate: 0,
  logs: 1,
  "new-link": 1,
  "end-sessions": 1,
  help: 0,
  version: 0,
} as const satisfies Record<string, 0 | 1>;

type Command = keyof typeof takes;

export interface CommandLine {
  command: Command;
  /** What stands after the command: an e-mail address, or which log. */
  argument: string | undefined;
  /** Undefined: `data` in the checkout. Otherwise absolute. */
  data: string | undefined;
  json: boolean;
  yes: boolean;
  follow: boolean;
}

export const help = `Looks after an installation that deno task start made on this machine.

  deno task fleethold COMMAND [--data DIR]

  status [--json]       what runs, whether it is well, and how much it holds
  logs [PART] [-f]      the last lines of a log: serve, work, data or keys, or of all; -f goes on with what comes
  migrate               brings both clusters to this release's schema, whether the installation runs or not
  new-link EMAIL        a link to choose a new password and authenticator, for who lost the phone and has no recovery
                        codes left; the old ones work until the link is used
  end-sessions EMAIL    signs somebody out everywhere, as after a phone was stolen
  version               this release
  help                  this text

  --data DIR  where the installation keeps its data (default: ./data)
  --yes       does it without asking first

Links and numbers stand on standard output, everything else on standard error. What new-link, end-sessions and migrate
do stands in the audit trail.

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
  const { data, json = false, yes = false, follow = false } = values;
  return {
    command: values.help ? "help" : command,
    argument,
    data: absoluteDirectory(data),
    json,
    yes,
    follow,
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
