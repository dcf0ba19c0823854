/**
 * The operator's command against an embedded installation: `deno task fleethold COMMAND`. See `help` for what there is.
 */

import { explain, print } from "./installation/terminal.ts";
import { exitCodes } from "./installation/refusal.ts";
import { existingInstallation } from "./embedded/location.ts";
import { version } from "../server/version.ts";
import { endSessions, newLink, ssoOff } from "./operator/accounts.ts";
import { type CommandLine, help, parseCommandLine } from "./operator/command_line.ts";
import { logs } from "./operator/logs.ts";
import { migrate } from "./operator/migration.ts";
import { backups, mark, peek, restore } from "./operator/recovery.ts";
import { status } from "./operator/status.ts";

/** A command does its work in the installation's directory and answers the exit code. */
const commands: Record<CommandLine["command"], (directory: string, line: CommandLine) => Promise<number>> = {
  status,
  migrate,
  logs,
  "new-link": newLink,
  "end-sessions": endSessions,
  sso: ssoOff,
  backups,
  restore,
  peek,
  mark,
  help: () => Promise.resolve(tell(help)),
  version: () => Promise.resolve(tell(`fleethold ${version}, Deno ${Deno.version.deno}`)),
};

if (import.meta.main) {
  try {
    const line = parseCommandLine(Deno.args);
    const isAboutNone = line.command === "help" || line.command === "version";
    const directory = isAboutNone ? "" : await existingInstallation(line.data);
    Deno.exit(await commands[line.command](directory, line));
  } catch (error) {
    Deno.exit(explain(error));
  }
}

function tell(text: string): number {
  print(text.trimEnd());
  return exitCodes.stopped;
}
