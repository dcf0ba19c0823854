import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import type { GeneratedMoment } from "../platform/database.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    /** Challenges, states and tokens that were used: none is accepted twice. */
    answeredChallenges: { hash: Buffer; answeredAt: GeneratedMoment };
  }
}

/**
 * Uses something up that must be used once, such as a challenge; false where it was used before. It has to be good for less
 * than an hour: after that it is forgotten here.
 */
export async function isFirstUse(change: Change, text: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await change.tx.insertInto("answeredChallenges")
    .values({ hash: createHash("sha256").update(text).digest() })
    .onConflict((conflict) => conflict.column("hash").doNothing()).executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Forgets what was used and has long run out. */
export async function forgetAnsweredChallenges(change: Change): Promise<void> {
  const { numDeletedRows } = await change.tx.deleteFrom("answeredChallenges")
    .where("answeredAt", "<", sql<Date>`now() - interval '1 hour'`).executeTakeFirst();
  if (numDeletedRows > 0n) change.record("challenges.forgotten", { count: Number(numDeletedRows) });
  else change.unchanged();
}
