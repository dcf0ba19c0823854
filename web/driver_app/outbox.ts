import type { NewStep, Signature } from "../../server/deliveries/schema.ts";
import type { Position } from "../../server/platform/schema.ts";
import { api, ApiProblem } from "../api.ts";
import type { DriversStep } from "./step_words.ts";
import type { Stop } from "./stop.ts";

/**
 * One thing a driver did to one order. Its id is made when it is done and stays the same however often it is sent, so
 * that it happens once.
 */
export type Deed =
  & { id: string; orderId: string; happenedAt: string }
  & (
    | {
      kind: "step";
      step: Omit<NewStep, "position" | "to"> & { to: DriversStep };
      position: Promise<Position | null>;
    }
    | { kind: "undo"; stepId: string }
    | { kind: "proof"; content: Blob | Signature }
  );

/** A deed that the server does not have yet, as far as we know. */
export interface Unsent {
  deed: Deed;
  /** How often it has been sent without an answer. */
  tries: number;
  /** Why the server will not have it; what came after it for the same order waits behind it. */
  refusal: ApiProblem | null;
}

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

type Receive = (answer: Stop) => void;

/**
 * What waits to be sent, in the order it was done. Kept in memory: it lives as long as the page does, and the page
 * says so. A deed the network swallowed is sent again, ever more patiently; one the server refused stays until the
 * driver has seen why.
 */
export class Outbox {
  #unsent: readonly Unsent[] = [];
  #watchers = new Set<() => void>();
  #receive: Receive | null = null;
  #working = false;
  #wake: () => void = () => {};

  /** For `useSyncExternalStore`. */
  readonly watch = (watcher: () => void): () => void => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };

  /** What waits, oldest first; a new array after every change. */
  readonly unsent = (): readonly Unsent[] => this.#unsent;

  /** Sends what waits, now and from now on; `receive` gets each order as the server answers it. Returns how to stop. */
  start(receive: Receive): () => void {
    this.#receive = receive;
    void this.#work();
    return () => {
      if (this.#receive === receive) this.#receive = null;
      this.#wake();
    };
  }

  add(...deeds: Deed[]): void {
    this.#set([...this.#unsent, ...deeds.map((deed) => ({ deed, tries: 0, refusal: null }))]);
    void this.#work();
  }

  /** Takes a step back: one that never left is forgotten, any other is undone after it. */
  takeBack(orderId: string, stepId: string, undoId: string): void {
    const waiting = this.#unsent.find(({ deed }) => deed.id === stepId);
    const neverLeft = waiting !== undefined &&
      (waiting.refusal !== null || (waiting.tries === 0 && waiting !== this.#next()));
    if (neverLeft) this.#set(this.#unsent.filter((other) => other !== waiting));
    else this.add({ kind: "undo", id: undoId, orderId, stepId, happenedAt: new Date().toISOString() });
  }

  /** Gives up what an order still had to send. */
  discard(orderId: string): void {
    this.#set(this.#unsent.filter(({ deed }) => deed.orderId !== orderId));
    this.retry();
  }

  /** Sends again now, instead of when the wait is over. */
  retry(): void {
    this.#wake();
    void this.#work();
  }

  /** The oldest deed that no refused one of its order stands before. */
  #next(): Unsent | undefined {
    const blocked = new Set(this.#unsent.filter(({ refusal }) => refusal).map(({ deed }) => deed.orderId));
    return this.#unsent.find(({ deed }) => !blocked.has(deed.orderId));
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let wait = FIRST_WAIT_MS;;) {
      const next = this.#next();
      if (this.#receive === null || next === undefined) break;
      try {
        const answer = await send(next.deed);
        if (answer !== null) this.#receive?.(answer);
        this.#set(this.#unsent.filter(({ deed }) => deed !== next.deed));
        wait = FIRST_WAIT_MS;
      } catch (fault) {
        const problem = fault instanceof ApiProblem ? fault : new ApiProblem({ title: String(fault) });
        const refusal = mayHelpToRepeat(problem) ? null : problem;
        this.#set(
          this.#unsent.map((unsent) =>
            unsent.deed === next.deed ? { ...unsent, tries: unsent.tries + 1, refusal } : unsent
          ),
        );
        if (refusal !== null) continue;
        await this.#pause(Math.max(wait, (problem.retryAfter ?? 0) * 1000));
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
    this.#working = false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #set(unsent: readonly Unsent[]): void {
    this.#unsent = unsent;
    for (const watcher of this.#watchers) watcher();
  }
}

/** The network, a restart, a session that ended, a server that asks for patience; anything else stays refused. */
const mayHelpToRepeat = ({ status }: ApiProblem): boolean =>
  status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;

/** The order as it stands afterwards; null for a proof, whose answer is only the proof. */
async function send(deed: Deed): Promise<Stop | null> {
  const order = `/deliveries/${deed.orderId}`;
  const once = { idempotencyKey: deed.id };
  switch (deed.kind) {
    case "step":
      return await api.post<Stop>(`${order}/steps`, { ...deed.step, position: await deed.position }, once);
    case "undo":
      return await api.delete<Stop>(`${order}/steps/${deed.stepId}`, once);
    case "proof":
      await api.put(`${order}/proofs/${deed.id}`, deed.content, once);
      return null;
  }
}

const outboxes = new Map<string, Outbox>();

/** The outbox of one account: what somebody did is never sent in the name of whoever signs in after them. */
export function outboxOf(accountId: string): Outbox {
  let outbox = outboxes.get(accountId);
  if (outbox === undefined) outboxes.set(accountId, outbox = new Outbox());
  return outbox;
}
