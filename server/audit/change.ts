import { sql, type Transaction } from "kysely";
import { Buffer } from "node:buffer";
import { type DataTables, isTransient, reaching } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { enqueue, type JobName, type Jobs } from "../platform/queue.ts";
import { sealBytes } from "../platform/seal.ts";
import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { Reader, type SealedRow } from "./reader.ts";
import { unrecordedLook } from "./sight.ts";
import { append, type Detail, type Entry } from "./trail.ts";

/** How often a change that met a deadlock or a serialization failure is run. */
const ATTEMPTS = 3;

/**
 * A write in the making: a transaction with an actor. The write, its audit entries and its jobs stand or fall
 * together; a change that recorded nothing is a programming error and rolls back.
 */
export class Change extends Reader {
  readonly tx: Transaction<DataTables>;
  readonly #entries: Entry[] = [];
  readonly #jobs: (() => Promise<void>)[] = [];
  #nothingToDo = false;

  constructor(services: Services, actor: Actor, tx: Transaction<DataTables>) {
    super(services, actor, tx);
    this.tx = tx;
  }

  /** Says in the trail what this change does. Ids and plain facts only. */
  record(act: string, detail: Detail): void {
    this.#entries.push({ act, detail });
  }

  /**
   * A look within a change is recorded with it. Recording it apart would take a second connection while this one is
   * held, and as many changes at once as there are connections would wait for each other.
   */
  protected override sighted(act: string, rows: readonly SealedRow[]): Promise<void> {
    const look = unrecordedLook(this.services, this.actor, act, rows);
    if (look) this.record(look.act, look.detail);
    return Promise.resolve();
  }

  /** Says that there turned out to be nothing to change, so that nothing has to be recorded. */
  unchanged(): void {
    this.#nothingToDo = true;
  }

  /** Puts a job into the queue; it runs only if the change commits. */
  enqueue<N extends JobName>(
    name: N,
    payload: Jobs[N],
    options?: { key?: string; runAt?: Date; queue?: string },
  ): void {
    this.#jobs.push(() => enqueue(this.tx, name, payload, options));
  }

  /** Makes a new person: an id whose key already stands in the keys cluster. */
  async newSubject(): Promise<string> {
    const [subject] = await this.newSubjects(1);
    return subject!;
  }

  /** As `newSubject`, for many at once. */
  async newSubjects(count: number): Promise<string[]> {
    const subjects = Array.from({ length: count }, () => newId());
    if (count > 0) await this.services.keys.create(subjects);
    return subjects;
  }

  /**
   * Seals a value for one row under its subject's key.
   * @throws Problem keys-unavailable; SubjectErased when the key is gone
   */
  async seal(table: string, id: string, subject: string, value: unknown): Promise<Buffer> {
    return (await this.sealAll(table, [{ id, subject, value }]))[0]!;
  }

  /** As `seal`, for many rows of one table: the keys are fetched at once. */
  async sealAll(
    table: string,
    rows: readonly { id: string; subject: string; value: unknown }[],
  ): Promise<Buffer[]> {
    const keys = await this.services.keys.load(rows.map((row) => row.subject));
    return rows.map(({ id, subject, value }) => {
      const key = keys.get(subject);
      if (!key) throw new SubjectErased(subject);
      const plain = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
      return sealBytes(key, `${table}/${id}`, plain);
    });
  }

  /** Writes what was recorded and enqueued; called once, last, inside the transaction. */
  async settle(): Promise<void> {
    if (this.#entries.length === 0 && !this.#nothingToDo) {
      throw new Error("A change recorded nothing in the audit trail; it was rolled back");
    }
    await append(this.tx, this.actor, this.#entries);
    for (const job of this.#jobs) await job();
    if (this.#entries.length > 0) await sql`select pg_notify('trail', '')`.execute(this.tx);
  }
}

/** The person this was to be sealed for has been erased. */
export class SubjectErased extends Error {
  constructor(readonly subject: string) {
    super(`The subject ${subject} has been erased`);
    this.name = "SubjectErased";
  }
}

/**
 * Runs `act` as one change: everything in it commits together or not at all. Run again from the start when the
 * database asks for it (deadlock, serialization), so `act` must do nothing outside the change.
 */
export async function change<T>(
  services: Services,
  actor: Actor,
  act: (change: Change) => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await reaching(services.db, actor.sites).transaction().execute(async (tx) => {
        const made = new Change(services, actor, tx);
        const result = await act(made);
        await made.settle();
        return result;
      });
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}
