import { join } from "node:path";
import { Random } from "../../server/demo/random.ts";
import { during } from "../installation/terminal.ts";
import type { Endings } from "./backup_endings.ts";
import { tell } from "./backup_figures.ts";
import type { Asked, MixedLoad } from "./backup_load.ts";
import type { BackedUp } from "./backup_site.ts";
import { DAYS, numberAt } from "./customers.ts";

const PER_SECOND = 30;

/** What dispatchers of these sites ask, for so many seconds: boards of any day of two years, numbers, new orders, edits. */
export function loadOf(
  site: BackedUp,
  { users, siteIds, orders, seconds }: {
    users: string[];
    siteIds: readonly string[];
    orders: number;
    seconds: number;
  },
): MixedLoad {
  const random = new Random(Date.now());
  const today = Temporal.Now.plainDateISO("Europe/Berlin");
  const many = (path: () => string) => Array.from({ length: 2_000 }, path);
  return {
    url: site.url,
    users,
    siteId: siteIds[0]!,
    boards: many(() => {
      const day = today.subtract({ days: random.between(0, DAYS - 1) });
      return `/api/deliveries?site=${random.pick(siteIds)}&day=${day}&limit=50`;
    }),
    searches: many(() => {
      const number = numberAt(random.between(0, orders - 1));
      return `/api/deliveries?limit=50&q=${encodeURIComponent(number)}`;
    }),
    perSecond: PER_SECOND,
    seconds,
    warmUp: 5,
  };
}

/**
 * Lets dispatchers work while nothing else happens, and while the service makes one full backup after the other: in
 * turns, for so many windows each, so that other work on the machine meets both.
 *
 * @returns the p95 of requests while a backup was copied, as a multiple of the p95 of those while there was none
 */
export async function answersBesideBackups(
  site: BackedUp,
  load: MixedLoad,
  windows: number,
  endings: Endings,
): Promise<number> {
  const without: Asked[] = [], copying: Asked[] = [], verifying: Asked[] = [];
  await during("requests, to warm up", work({ ...load, seconds: Math.min(10, load.seconds) }, endings));
  for (let window = 0; window < windows; window++) {
    without.push(...await during("requests without a backup", work(load, endings)));
    let isOver = false;
    const asking = work(load, endings).finally(() => isOver = true);
    const copied: [from: number, until: number][] = [];
    const backups = (async () => {
      while (!isOver) {
        const began = Date.now();
        const { steps } = await site.do("full", endings);
        const from = began + (steps.starting ?? 0) * 1000;
        copied.push([from, from + steps.copying! * 1000]);
        await site.keepNewest();
      }
    })();
    const [asked] = await during("requests beside full backups", Promise.all([asking, backups]));
    for (const one of asked) {
      const isCopied = copied.some(([from, until]) => one.at >= from && one.at <= until);
      (isCopied ? copying : verifying).push(one);
    }
  }
  const base = share(without, 0.95);
  tell("answers without a backup, ms", figuresOf(without));
  tell("answers while a backup is copied, ms", figuresOf(copying));
  tell("answers while a backup is verified, ms", figuresOf(verifying));
  tell("p95 over whole runs, as a multiple", { ratio: share([...copying, ...verifying], 0.95) / base });
  return share(copying, 0.95) / base;
}

/** Lets the dispatchers work, from a process of its own. */
async function work(load: MixedLoad, endings: Endings): Promise<Asked[]> {
  const program = join(import.meta.dirname!, "backup_load.ts");
  const args = ["run", "--no-prompt", "--allow-net", program];
  const { output } = await endings.run(Deno.execPath(), args, { input: JSON.stringify(load) });
  return JSON.parse(output) as Asked[];
}

const figuresOf = (asked: Asked[]) => ({
  requests: asked.length,
  p50: share(asked, 0.5),
  p95: share(asked, 0.95),
  p95_reads: share(asked.filter(({ isWrite }) => !isWrite), 0.95),
  p95_writes: share(asked.filter(({ isWrite }) => isWrite), 0.95),
});

/** Milliseconds within which this share of the requests was answered; NaN of none. */
function share(asked: Asked[], part: number): number {
  const sorted = asked.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
