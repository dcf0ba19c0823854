/**
 * The offsite copy: `serve` copies until it is stopped; the others do one thing and end.
 *
 *     main.ts serve | copy | list [--json] | check-target | anew
 *     main.ts fetch [--from TARGET] --into FOLDER [--at MOMENT]
 */
import { parseArgs } from "node:util";
import { exitCodes, Refusal } from "../../scripts/installation/refusal.ts";
import { explain, say } from "../../scripts/installation/terminal.ts";
import { beginAnew, checkTarget, fetch, list } from "./commands.ts";
import { Fault } from "./fault.ts";
import { copyOnce, serve } from "./service.ts";
import { readSettings, SettingsFault } from "./settings.ts";

const usage =
  "use serve, copy, list [--json], check-target, anew or fetch [--from TARGET] --into FOLDER [--at MOMENT]";

/** Only for a bare host, where nobody said where to keep what is temporary. */
const BARE_HOST_PLACE = "/tmp/fleethold-offsite";

Deno.exit(await main());

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  try {
    const { values, positionals: [command, ...rest] } = read(Deno.args);
    const environment = Deno.env.toObject();
    if (values.from) environment.FLEETHOLD_OFFSITE = values.from;
    const isLocal = command === "serve" || command === "copy";
    const settings = readSettings(environment, isLocal ? undefined : BARE_HOST_PLACE);
    if (rest.length > 0) throw new Refusal(`${rest[0]} is one word too many`, usage, exitCodes.usage);
    switch (command) {
      case "serve":
        await serve(settings, stop.signal);
        return exitCodes.stopped;
      case "copy": {
        const failure = await copyOnce(settings, stop.signal);
        if (failure) say(failure);
        return failure ? exitCodes.unwell : 0;
      }
      case "list":
        return await list(settings, values.json ?? false);
      case "check-target":
        return await checkTarget(settings);
      case "anew":
        return await beginAnew(settings);
      case "fetch":
        if (!values.into) throw new Refusal("fetch needs to know where to", usage, exitCodes.usage);
        return await fetch(settings, values.into, values.at);
      default:
        throw new Refusal(
          command ? `${command} is not a command` : "A command is missing",
          usage,
          exitCodes.usage,
        );
    }
  } catch (error) {
    if (error instanceof SettingsFault) {
      say(error.message);
      return exitCodes.usage;
    }
    if (!(error instanceof Fault)) return explain(error);
    say(error.message);
    say(`hint: ${error.hint}`);
    return exitCodes.unwell;
  }
}

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        from: { type: "string" },
        into: { type: "string" },
        at: { type: "string" },
        json: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Refusal((error as Error).message, usage, exitCodes.usage);
  }
}
