import type { Services } from "../../platform/services.ts";

const EVERY_MS = 500;

/**
 * Tells how far an import is while its transaction, into which nobody else can look, is under way. Written beside that
 * transaction, and no fact for the trail: the import's end is.
 */
export class Progress {
  #done = 0;
  #told = -1;
  #telling: Promise<void> = Promise.resolve();
  readonly #clock: ReturnType<typeof setInterval>;

  constructor(private readonly services: Services, private readonly id: string) {
    this.#tell();
    this.#clock = setInterval(() => this.#tell(), EVERY_MS);
  }

  /** Starts counting, again if the transaction is run again. */
  begin(): void {
    this.#done = 0;
  }

  /** So many more orders are done. */
  add(orders: number): void {
    this.#done += orders;
  }

  /** Stops telling; nothing is on its way when this returns. */
  async end(): Promise<void> {
    clearInterval(this.#clock);
    await this.#telling;
  }

  #tell(): void {
    if (this.#told === this.#done) return;
    const done = this.#told = this.#done;
    this.#telling = this.#telling.then(async () => {
      await this.services.db.updateTable("imports").set({ state: "running", done })
        .where("id", "=", this.id).where("state", "in", ["waiting", "running"]).execute();
    }).catch((error) => {
      // Worth no more than a line: if the cluster is away, the import itself ends with that.
      this.services.log.warn(
        { err: error, import: this.id },
        "the progress of an import could not be written",
      );
    });
  }
}
