import { logOf } from "../embedded/clusters.ts";
import { runningInstallation } from "../embedded/lock.ts";
import { runningAs, ServerProgram } from "../embedded/program.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { print, say } from "../installation/terminal.ts";
import type { OperatorRequest } from "../../server/operate.ts";
import type { CommandLine } from "./command_line.ts";

/** Prints a link by which the person behind an e-mail address chooses new factors. */
export async function newLink(directory: string, { argument: email, yes }: CommandLine): Promise<number> {
  say(`Makes a link by which whoever opens it chooses a new password and authenticator for ${email}.`);
  say("Hand it over in person or by a way only they can read. An earlier link stops working.");
  agree("Make the link?", yes);
  const { link, expiresAt } = await ask<{ link: string; expiresAt: string }>(directory, "new-link", email);
  say(`Works once, until ${new Date(expiresAt).toLocaleString()}:`);
  print(link);
  return exitCodes.stopped;
}

/** Signs the person behind an e-mail address out everywhere. */
export async function endSessions(directory: string, { argument: email, yes }: CommandLine): Promise<number> {
  say(`Signs ${email} out on every device at once. What was not sent yet stays on the device.`);
  agree("End the sessions?", yes);
  const { ended } = await ask<{ ended: number }>(directory, "end-sessions", email);
  say(ended === 1 ? "1 session ended" : `${ended} sessions ended`);
  return exitCodes.stopped;
}

/** Lets people sign in with password and code again. */
export async function ssoOff(directory: string, { yes }: CommandLine): Promise<number> {
  say(
    "Lets everybody who has a password sign in with it and a code again, as well as by the company's provider.",
  );
  agree("Switch single sign-on alone off?", yes);
  const { roles } = await ask<{ roles: string[] }>(directory, "sso-off");
  say(
    roles.length === 0
      ? "Nothing to switch off: no role signs in by single sign-on alone"
      : `Switched off for: ${roles.join(", ")}. Who never had a password gets one by new-link EMAIL`,
  );
  return exitCodes.stopped;
}

/**
 * Asks the product something beside the running installation.
 *
 * @param text what it reads from its standard input when the argument is `-`
 * @throws {Refusal} when it refuses, in its own words; when the installation is not running
 */
export async function ask<T>(
  directory: string,
  request: OperatorRequest,
  argument = "",
  text = "",
): Promise<T> {
  const running = await runningInstallation(directory);
  if (!running) {
    throw new Refusal(
      `The installation in ${directory} is not running`,
      "start it with deno task start, then repeat this",
      exitCodes.notRunning,
    );
  }
  const program = new ServerProgram("operate", runningAs(directory, running), logOf(directory, "operate"));
  return JSON.parse(await program.runOnceWith(text, request, argument)) as T;
}

/** @throws {Refusal} unless the operator says yes, here or beforehand with --yes */
export function agree(question: string, saidYes: boolean): void {
  if (saidYes) return;
  if (!Deno.stdin.isTerminal()) {
    throw new Refusal("Nobody is there to say yes", "add --yes to do it without asking", exitCodes.refused);
  }
  if (!confirm(question)) throw new Refusal("Nothing was done", "answer y to do it", exitCodes.refused);
}
