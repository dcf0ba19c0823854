import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import { system } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import type { GeneratedMoment } from "../platform/database.ts";
import { openBytes, SealBroken } from "../platform/seal.ts";
import type { Services } from "../platform/services.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    backupSamples: {
      id: string;
      at: GeneratedMoment;
      place: string;
      subject: string;
      sealed: Buffer;
      opened: boolean | null;
      reason: string | null;
    };
  }
}
declare module "../platform/queue.ts" {
  interface Jobs {
    "backups.open-samples": Record<string, never>;
  }
}

const KEPT_HOURS = 24;

/**
 * Tries whether sealed values out of a restored copy open with the present keys, and says so: nobody is shown what they
 * hold, and it is kept nowhere. A value of somebody who was erased meanwhile says nothing: `opened` stays null.
 *
 * @throws Problem keys-unavailable
 */
export async function openSamples(services: Services): Promise<void> {
  const samples = await services.db.selectFrom("backupSamples").selectAll()
    .where("opened", "is", null).where("reason", "is", null).limit(100).execute();
  const keys = await services.keys.load(samples.map(({ subject }) => subject));
  await change(services, system("job"), async (change) => {
    change.unchanged();
    await change.tx.deleteFrom("backupSamples")
      .where("at", "<", sql<Date>`now() - make_interval(hours => ${KEPT_HOURS})`).execute();
    for (const { id, place, subject, sealed } of samples) {
      const key = keys.get(subject) ?? null;
      const opened = key && opens(key, place, sealed);
      const reason = opened === null ? "key-gone" : opened ? null : "damaged";
      await change.tx.updateTable("backupSamples").set({ opened, reason }).where("id", "=", id).execute();
      change.record("backup.sample-tried", { sample: id, opened, ...(reason !== null && { reason }) });
    }
  });
}

function opens(key: Uint8Array, place: string, sealed: Uint8Array): boolean {
  try {
    openBytes(key, place, sealed).fill(0);
    return true;
  } catch (error) {
    if (error instanceof SealBroken) return false;
    throw error;
  }
}
