import { type Kysely, sql, type Transaction } from "kysely";
import type { ColumnType, Generated } from "kysely";
import type { DataTables } from "../platform/database.ts";
import type { Actor } from "./actor.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    auditEntries: {
      id: Generated<number>;
      xid: ColumnType<string, never, never>;
      at: ColumnType<Date, never, never>;
      act: string;
      actor: string | null;
      detail: ColumnType<Record<string, unknown>, string, never>;
    };
  }
}

/** Ids and plain facts. Never a name, an address or any other personal value. */
export type Detail = Record<string, unknown>;

export interface Entry {
  /** `noun.past-participle`, such as `delivery.assigned`. */
  act: string;
  detail: Detail;
}

/**
 * Appends entries to the trail and wakes whoever listens for changes.
 * The role may insert these three columns only; id, transaction and time are the database's to fill.
 */
export async function append(
  db: Kysely<DataTables> | Transaction<DataTables>,
  actor: Actor,
  entries: readonly Entry[],
): Promise<void> {
  if (entries.length === 0) return;
  const common = {
    // Not `session`: an entry about a session, such as its end, says there which one it is about.
    ...(actor.sessionId && { bySession: actor.sessionId }),
    ...(actor.via && { via: actor.via }),
  };
  for (let at = 0; at < entries.length; at += 5_000) {
    const batch = entries.slice(at, at + 5_000);
    await sql`insert into audit_entries (act, actor, detail)
      select act, ${actor.accountId}::uuid, detail
      from unnest(${batch.map((entry) => entry.act)}::text[],
                  ${
      batch.map((entry) => JSON.stringify({ ...entry.detail, ...common }))
    }::jsonb[]) as entry (act, detail)`
      .execute(db);
  }
}
