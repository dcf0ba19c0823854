import { parseArgs } from "node:util";
import { createLog } from "../server/platform/log.ts";
import { assemble, type Parts } from "./parts.ts";
import { peek } from "./peek.ts";
import { PgBackRestFailed } from "./pgbackrest.ts";
import { nameMoment, recoverable, recoverableInWords, Refused } from "./recoverable.ts";
import {
  asides,
  forgetAsides,
  planInWords,
  planRestore,
  putBack,
  restore,
  restoredInWords,
} from "./restore.ts";
import { RestoreFailed } from "./restored_copy.ts";
import { BackupService } from "./service.ts";
import { type ClusterName, readSettings, SettingsFault } from "./settings.ts";

/**
 * The one place here that reads the environment and the command line. `run` is the service; the others are one-shots of
 * the operator's command, which answer JSON on standard output and tell progress on standard error.
 */
const commands: Record<string, (parts: Parts, options: Options) => Promise<Answer>> = {
  list: async (parts, { cluster }) => {
    const known = await recoverable(parts, cluster);
    return { ...known, words: recoverableInWords(known) };
  },
  plan: async (parts, { cluster, to }) => {
    const plan = await planRestore(parts, cluster, to);
    return { ...plan, words: planInWords(plan) };
  },
  restore: async (parts, { cluster, to }) => {
    const restored = await restore(parts, await planRestore(parts, cluster, to), progress());
    return { ...restored, words: restoredInWords(restored) };
  },
  "put-back": async (parts, { cluster }) => {
    const aside = await putBack(parts, cluster);
    return { aside, words: [`The earlier ${cluster} is back; what was restored is kept in ${aside}.`] };
  },
  asides: async (parts) => {
    const kept = await asides(parts);
    const words = kept.map(({ folder, bytes }) => `${folder}: ${Math.round(bytes / 1e6)} MB`);
    return { kept, words: words.length > 0 ? words : ["Nothing is kept aside."] };
  },
  "forget-asides": async (parts) => {
    const forgotten = await forgetAsides(parts);
    return { forgotten, words: [`Let go of ${forgotten}.`] };
  },
  peek: async (parts, { to, order, ofCustomer }) => {
    const orders = await peek(parts, { to, number: order, ofCustomer }, progress());
    return { orders, words: [] };
  },
  mark: async (parts, { name }) => {
    const named = await nameMoment(parts, name);
    return { ...named, words: [`This moment is called ${name}; restore and peek know it by that name.`] };
  },
};

/** JSON, and the same in words; `--text` prints those alone. */
type Answer = Record<string, unknown> & { words: string[] };

interface Options {
  cluster: ClusterName;
  to: string;
  order: string;
  ofCustomer: boolean;
  name: string;
  text: boolean;
}

async function run(parts: Parts): Promise<void> {
  const { settings, log } = parts;
  const service = new BackupService(parts);
  await service.start();
  const [hostname, port] = settings.FLEETHOLD_PROBE_LISTEN?.split(":") ?? [];
  const probes = hostname &&
    Deno.serve(
      { hostname, port: Number(port), onListen: () => {} },
      () => new Response(service.isWell ? "ok\n" : "not well\n", { status: service.isWell ? 200 : 503 }),
    );
  log.info("keeping backups");
  await asked();
  log.info("ending");
  await service.stop();
  if (probes) await probes.shutdown();
}

/** Resolves when somebody asks this process to end: a signal, or, with `--end-with-stdin`, the end of whoever started it. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => resolve());
    if (Deno.args.includes("--end-with-stdin")) {
      void Deno.stdin.readable.pipeTo(new WritableStream()).then(resolve, () => {});
    }
  });
}

/** Tells each new step at once, and how far it is every tenth. */
function progress(): (words: string, share?: number) => void {
  let last = "";
  return (words, share) => {
    const line = share === undefined ? words : `${words}: ${Math.floor(share * 10) * 10} %`;
    if (line !== last) say(line);
    last = line;
  };
}

function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      cluster: { type: "string", default: "data" },
      to: { type: "string", default: "latest" },
      order: { type: "string", default: "" },
      "of-customer": { type: "boolean", default: false },
      name: { type: "string", default: "" },
      text: { type: "boolean", default: false },
    },
  });
  if (values.cluster !== "data" && values.cluster !== "keys") {
    throw new Refused(`There is no cluster ${values.cluster}`, "the clusters are data and keys");
  }
  return {
    cluster: values.cluster,
    to: values.to,
    order: values.order,
    ofCustomer: values["of-customer"],
    name: values.name,
    text: values.text,
  };
}

const say = (line: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));

/** One-shots beside the service, and where it does not run, need its folders too. */
async function oneShot(name: string, parts: Parts): Promise<void> {
  const { places, files } = parts;
  await files.folder(places.run);
  await Deno.mkdir(places.state, { recursive: true, mode: 0o700 });
  const options = optionsOf(Deno.args.slice(1));
  const answer = await commands[name]!(parts, options);
  const text = options.text ? answer.words.join("\n") : JSON.stringify(answer);
  await new Blob([`${text}\n`]).stream().pipeTo(Deno.stdout.writable, { preventClose: true });
}

/** @returns the exit code */
async function main(name: string): Promise<number> {
  if (name !== "run" && !Object.hasOwn(commands, name)) {
    say(`usage: backup run | ${Object.keys(commands).join(" | ")}`);
    return 2;
  }
  try {
    const settings = readSettings(Deno.env.toObject(), Deno.readTextFileSync);
    const parts = assemble(
      settings,
      createLog(name === "run" ? settings.FLEETHOLD_LOG_LEVEL : "error", "backup"),
    );
    await (name === "run" ? run(parts) : oneShot(name, parts));
    return 0;
  } catch (error) {
    if (error instanceof SettingsFault) {
      say(error.message);
      return 78; // EX_CONFIG of sysexits.h
    }
    if (error instanceof Refused) {
      say(`error: ${error.message}\nhint: ${error.hint}`);
      return 1;
    }
    if (error instanceof RestoreFailed || error instanceof PgBackRestFailed) {
      say(
        `error: ${error.message}\nhint: the present data is as it was; docs/recovery.md says what to try next`,
      );
      return 1;
    }
    createLog("error", "backup").fatal({ err: error }, "cannot go on");
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? ""));
