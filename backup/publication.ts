import type { BackupRun, BackupState } from "../server/backups/schema.ts";
import { isUnreachable } from "../server/platform/database.ts";
import type { Logger } from "../server/platform/log.ts";
import type { LiveCluster } from "./live.ts";

export interface Request {
  id: string;
  kind: BackupRun["kind"];
  accountId: string | null;
}

/**
 * Tells the product how everything stands, and hears what people ask for, by tables of the data cluster. While that
 * cluster is away nothing is told and nothing is lost: the history is kept here, and told again.
 */
export class Publication {
  #told = new Map<string, string>();

  constructor(private readonly data: LiveCluster, private readonly log: Logger) {}

  /** Publishes the state, and of the runs what was not told yet. @returns whether the product was there to be told */
  async tell(state: BackupState, runs: readonly BackupRun[]): Promise<boolean> {
    return await this.#ifThere(async () => {
      await this.data.query(
        `insert into backup_state (at, state) values ($1, $2)
         on conflict (only_one) do update set at = excluded.at, state = excluded.state`,
        [state.at, JSON.stringify(state)],
      );
      for (const run of runs.slice(-500)) {
        const text = JSON.stringify(run);
        if (this.#told.get(run.id) === text) continue;
        await this.#tellRun(run);
        this.#told.set(run.id, text);
      }
    });
  }

  /** What somebody asked for and nobody took up yet, the oldest first. */
  async nextRequest(): Promise<Request | undefined> {
    let request: Request | undefined;
    await this.#ifThere(async () => {
      [request] = await this.data.query<Request>(
        `select id, kind, account_id as "accountId" from backup_requests where taken_at is null order by at limit 1`,
      );
      if (request) {
        await this.data.query("update backup_requests set taken_at = now() where id = $1", [request.id]);
      }
    });
    return request;
  }

  /** Says in the audit trail what was done; later, when the product is away, it stands in the history all the same. */
  async record(act: string, detail: Record<string, unknown>): Promise<void> {
    await this.#ifThere(() => this.data.query("select backup_record($1, $2)", [act, JSON.stringify(detail)]));
  }

  async #tellRun(run: BackupRun): Promise<void> {
    await this.data.query(
      `insert into backup_runs (id, kind, cluster, requested_by, started_at, ended_at, outcome, failure, figures)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (id) do update set ended_at = excluded.ended_at, outcome = excluded.outcome,
         failure = excluded.failure, figures = excluded.figures`,
      [
        run.id,
        run.kind,
        run.cluster,
        run.requestedBy,
        run.startedAt,
        run.endedAt,
        run.outcome,
        run.failure,
        JSON.stringify(run.figures),
      ],
    );
  }

  async #ifThere(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      // Before the first migration there are no tables yet (SQLSTATE undefined_table, undefined_function, …).
      const code = (error as { code?: string }).code;
      if (isUnreachable(error) || ["42P01", "42883", "42501", "3D000", "28P01"].includes(code ?? "")) {
        return false;
      }
      this.log.error({ err: error }, "what was done cannot be told to the product");
      return false;
    }
  }
}
