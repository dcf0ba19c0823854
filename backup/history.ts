import { join } from "node:path";
import { type BackupRun } from "../server/backups/schema.ts";
import { readText, writeDurably } from "./files.ts";
import type { Places } from "./settings.ts";

const KEPT = 2_000;

/** What the service did, kept beside the repository: it has to be known when the data cluster is lost. */
export class History {
  #runs: BackupRun[] | undefined;

  constructor(private readonly places: Places) {}

  get #path(): string {
    return join(this.places.state, "runs.json");
  }

  /** Every run that is remembered, the oldest first. */
  async all(): Promise<readonly BackupRun[]> {
    if (this.#runs) return this.#runs;
    const text = await readText(this.#path);
    this.#runs = text ? JSON.parse(text) as BackupRun[] : [];
    return this.#runs;
  }

  /** Adds a run or replaces what was known of it. */
  async put(run: BackupRun): Promise<void> {
    const others = (await this.all()).filter(({ id }) => id !== run.id);
    this.#runs = [...others, run].slice(-KEPT);
    await writeDurably(this.#path, JSON.stringify(this.#runs));
  }

  /** Ends what was under way when the service was killed. @returns it, to be done again */
  async endInterrupted(): Promise<BackupRun[]> {
    const interrupted = (await this.all()).filter(({ endedAt }) => endedAt === null);
    for (const run of interrupted) {
      await this.put({
        ...run,
        endedAt: new Date().toISOString(),
        outcome: "failed",
        failure: "The backup service was ended in the middle of it; it is done again at once.",
      });
    }
    return interrupted;
  }

  /** When a kind of run was done last without a fault. */
  async lastDone(kind: BackupRun["kind"]): Promise<BackupRun | undefined> {
    return (await this.all()).findLast((run) => run.kind === kind && run.outcome === "done");
  }
}
