import type { LiveCluster } from "./live.ts";

/** More transactions a second than this are people's; the appliance's own are two or three. */
const PEOPLE_PER_SECOND = 8;
/** How often it is looked whether people work, and how long they are taken to go on working. */
const LOOK_MS = 1_000;
const LINGER_MS = 5_000;
/** While people work: so long at full speed, then so long not at all. */
const TURN_MS = 4;
const REST_MS = 36;

/** By which a program's whole group of processes is held and let go on. */
export type Signal = "STOP" | "CONT";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Lets a program run in short turns while people work with the product, and at full speed while nobody does. A low
 * priority is not enough: what was written in bulk still has to reach the disk, and there everybody waits behind it.
 */
export class Pace {
  #last: { at: number; transactions: number } | undefined;
  #busyUntil = 0;

  constructor(private readonly data: LiveCluster) {}

  /**
   * Holds a program and lets it go on, again and again, until it has ended. It is never left held.
   * @param signal  sends a signal to all its processes; rejects once it is gone
   */
  async hold(signal: (which: Signal) => Promise<void>, ended: Promise<unknown>): Promise<void> {
    let isOver = false;
    void ended.finally(() => isOver = true).catch(() => {});
    while (!isOver) {
      if (!await this.#peopleWork()) {
        await Promise.race([pause(LOOK_MS / 4), ended.catch(() => {})]);
        continue;
      }
      try {
        await signal("STOP");
        await pause(REST_MS);
        await signal("CONT");
      } catch {
        return;
      }
      await pause(TURN_MS);
    }
  }

  async #peopleWork(): Promise<boolean> {
    const now = performance.now();
    if (!this.#last || now - this.#last.at >= LOOK_MS) {
      const transactions = await this.data.transactions().catch(() => null);
      if (transactions !== null) {
        const since = this.#last && (now - this.#last.at) / 1_000;
        if (since && (transactions - this.#last!.transactions) / since > PEOPLE_PER_SECOND) {
          this.#busyUntil = now + LINGER_MS;
        }
        this.#last = { at: now, transactions };
      }
    }
    return performance.now() < this.#busyUntil;
  }
}

/**
 * Runs its arguments as a group of processes, and sends that group each signal named on a line of standard input. Once
 * nobody is there to name any, it goes on.
 */
export const HELD = [
  "sh",
  "-c",
  `setsid "$@" < /dev/null &
group=$!
exec 3<&0
(
  while read -r signal; do kill -s "$signal" -- -"$group" || exit; done
  kill -s CONT -- -"$group"
) <&3 2> /dev/null &
reader=$!
trap '{ kill -s CONT -- -"$group"; kill -s TERM -- -"$group"; } 2> /dev/null' TERM INT
while kill -0 "$group" 2> /dev/null; do wait "$group"; code=$?; done
kill -s TERM "$reader" 2> /dev/null
exit "$code"`,
  "held",
];
