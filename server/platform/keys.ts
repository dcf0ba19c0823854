import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { type GeneratedMoment, isBusy, isUnreachable, type KeysTables } from "./database.ts";
import { unavailable } from "./problem.ts";
import { openBytes, sealBytes } from "./seal.ts";

declare module "./database.ts" {
  interface KeysTables {
    subjectKeys: { subject: string; wrapped: Buffer; createdAt: GeneratedMoment };
  }
}

/** How long an unwrapped key may stay in memory. An erasure is therefore complete in every process after this time. */
const KEPT_MS = 5 * 60_000;
/** About 300 bytes each with all that holds them: at most some 10 MB. */
const MOST_KEPT = 30_000;

interface Kept {
  key: Uint8Array | null;
  until: number;
}

/**
 * The data keys of subjects: one 256-bit key a person, wrapped by the master key, in the keys cluster and nowhere
 * else. Keys are fetched and unwrapped in batches and kept in memory for minutes.
 */
export class KeyStore {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly db: Kysely<KeysTables>, private readonly masterKey: Uint8Array) {}

  /**
   * Makes keys for new subjects. Commits before it returns: a row must never exist without its key, while a key
   * without a row harms nobody.
   * @throws Problem keys-unavailable
   */
  async create(subjects: readonly string[]): Promise<void> {
    const made = subjects.map((subject) => {
      const key = new Uint8Array(randomBytes(32));
      return { subject, key, wrapped: sealBytes(this.masterKey, place(subject), key) };
    });
    for (let at = 0; at < made.length; at += 5_000) {
      const batch = made.slice(at, at + 5_000);
      await this.#ask(() =>
        sql`insert into subject_keys (subject, wrapped)
          select * from unnest(${batch.map((row) => row.subject)}::uuid[], ${
          batch.map((row) => row.wrapped)
        }::bytea[])`
          .execute(this.db)
      );
      for (const { subject, key } of batch) this.#keep(subject, key);
    }
  }

  /**
   * The keys of some subjects; null for a subject whose key is gone (an erased person).
   * @throws Problem keys-unavailable
   */
  async load(subjects: Iterable<string>): Promise<Map<string, Uint8Array | null>> {
    const now = Date.now();
    const found = new Map<string, Uint8Array | null>();
    const missing: string[] = [];
    for (const subject of new Set(subjects)) {
      const kept = this.#kept.get(subject);
      if (kept && kept.until > now) found.set(subject, kept.key);
      else missing.push(subject);
    }
    if (missing.length === 0) return found;
    const rows = await this.#ask(() =>
      this.db.selectFrom("subjectKeys").select(["subject", "wrapped"])
        .where("subject", "=", sql<string>`any(${missing}::uuid[])`).execute()
    );
    const wrapped = new Map(rows.map((row) => [row.subject, row.wrapped]));
    for (const subject of missing) {
      const value = wrapped.get(subject);
      const key = value ? new Uint8Array(openBytes(this.masterKey, place(subject), value)) : null;
      this.#keep(subject, key);
      found.set(subject, key);
    }
    return found;
  }

  /** Whether the keys cluster answers. */
  async ping(): Promise<void> {
    await this.#ask(() => sql`select 1`.execute(this.db));
  }

  #keep(subject: string, key: Uint8Array | null) {
    if (this.#kept.size >= MOST_KEPT) {
      // A Map iterates in insertion order: the oldest goes.
      const oldest = this.#kept.keys().next().value;
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.delete(subject);
    this.#kept.set(subject, { key, until: Date.now() + KEPT_MS });
  }

  async #ask<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      throw isUnreachable(error) || isBusy(error) ? unavailable("keys") : error;
    }
  }
}

const place = (subject: string) => `subject_keys/${subject}`;
