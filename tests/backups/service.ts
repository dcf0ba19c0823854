import { sql } from "kysely";
import type { BackupRun, BackupState } from "../../server/backups/schema.ts";
import type { Company } from "../harness/app.ts";

/** Stands in for the backup service: writes what it would, as whoever may. */
export class BackupService {
  constructor(private readonly company: Company) {}

  async reports(state: BackupState): Promise<void> {
    await sql`insert into backup_state (at, state) values (${state.at}, ${JSON.stringify(state)}::jsonb)
      on conflict (only_one) do update set at = excluded.at, state = excluded.state`.execute(
      this.company.superDb,
    );
  }

  async ran(...runs: BackupRun[]): Promise<void> {
    for (const { id, kind, cluster, requestedBy, startedAt, endedAt, outcome, failure, figures } of runs) {
      await sql`insert into backup_runs
        (id, kind, cluster, requested_by, started_at, ended_at, outcome, failure, figures) values
        (${id}, ${kind}, ${cluster}, ${requestedBy}, ${startedAt}, ${endedAt}, ${outcome}, ${failure},
         ${JSON.stringify(figures)}::jsonb)`.execute(this.company.superDb);
    }
  }

  /** Forgets all it ever said. */
  async isGone(): Promise<void> {
    await sql`truncate backup_state, backup_runs, backup_requests, backup_alarms, backup_samples`.execute(
      this.company.superDb,
    );
  }

  async takesUp(request: string): Promise<void> {
    await sql`update backup_requests set taken_at = now() where id = ${request}`.execute(
      this.company.superDb,
    );
  }
}
