import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import type { Buffer } from "node:buffer";
import { type DataTables, reaching } from "../platform/database.ts";
import { openBytes } from "../platform/seal.ts";
import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { recordSight } from "./sight.ts";

/** A row that holds a person's data: whose it is, and the sealed value. */
export interface SealedRow {
  id: string;
  subject: string;
  sealed: Buffer | null;
}

/**
 * Reads on behalf of an actor. Opening personal data is the only way to see it, and opening records who looked at
 * whom: so nobody can forget to.
 */
export class Reader {
  constructor(
    readonly services: Services,
    readonly actor: Actor,
    /** Where to read: the database as far as the actor reaches, or a change's own transaction. */
    readonly db: Kysely<DataTables> | Transaction<DataTables> = reaching(services.db, actor.sites),
  ) {}

  /**
   * Opens the sealed values of rows of one table, in their order; null where the person's key is gone (erased).
   * What is opened is recorded as `<act>` with the subjects' ids.
   *
   * @param table  the table's name, part of what each value is bound to
   * @param act    what the trail says, such as `delivery.read`; null only where the reader is shown nothing of it
   * @throws Problem keys-unavailable
   */
  async open<T>(table: string, rows: readonly SealedRow[], act: string | null): Promise<(T | null)[]> {
    const keys = await this.services.keys.load(
      rows.filter((row) => row.sealed !== null).map((row) => row.subject),
    );
    const opened = rows.map((row) => {
      const key = row.sealed && keys.get(row.subject);
      if (!key) return null;
      return JSON.parse(openBytes(key, `${table}/${row.id}`, row.sealed!).toString()) as T;
    });
    if (act) await this.sighted(act, rows.filter((_, index) => opened[index] !== null));
    return opened;
  }

  /** Opens one row's value; null when the person has been erased. */
  async openOne<T>(table: string, row: SealedRow, act: string | null): Promise<T | null> {
    return (await this.open<T>(table, [row], act))[0] ?? null;
  }

  /** Opens a sealed value that is bytes, not JSON (a photo); `act` as in `open`. */
  async openBytes(table: string, row: SealedRow, act: string | null): Promise<Buffer | null> {
    const key = (await this.services.keys.load([row.subject])).get(row.subject);
    if (!key || !row.sealed) return null;
    const bytes = openBytes(key, `${table}/${row.id}`, row.sealed);
    if (act) await this.sighted(act, [row]);
    return bytes;
  }

  /** Says in the trail whose personal data the actor was shown; returns when it stands there. */
  protected sighted(act: string, rows: readonly SealedRow[]): Promise<void> {
    return recordSight(this.services, this.actor, act, rows);
  }

  /**
   * The condition that scopes a query to the actor's sites: every query over things of a site carries it, so that
   * another site's thing is not found rather than refused (ASVS 5.0 V8.2.2). Where one forgets it, the database's own
   * wall stands behind it (docs/decisions/0011-row-security.md).
   */
  inSites(column: string): RawBuilder<boolean> {
    return this.actor.sites === "all"
      ? sql<boolean>`true`
      : sql<boolean>`${sql.ref(column)} = any(${this.actor.sites}::uuid[])`;
  }

  /** Whether the actor may touch things of a site. */
  reaches(siteId: string): boolean {
    return this.actor.sites === "all" || this.actor.sites.includes(siteId);
  }
}
