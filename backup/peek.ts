import { join } from "node:path";
import { remove, space } from "./files.ts";
import type { Parts } from "./parts.ts";
import { readUntil, recoverable, Refused } from "./recoverable.ts";
import { RestoredCopy } from "./restored_copy.ts";

/** An order as it stood at a moment: its row, what is personal in it sealed as ever, and its steps. */
export interface PastOrder {
  at: string;
  order: Record<string, unknown> & { id: string; recipient_id: string };
  /** Base64; null where there was none. */
  sealed: string | null;
  steps: { to: string; outcome: string | null; at: string }[];
}

/**
 * Restores the data into a throw-away copy as of a moment and takes some orders out of it, as they were. Nothing of it
 * is opened here: we hold no key.
 *
 * @param number of an order
 * @param ofCustomer every order of that order's recipient instead
 * @throws Refused when there is no such order in it
 */
export async function peek(
  parts: Parts,
  { to, number, ofCustomer }: { to: string; number: string; ofCustomer: boolean },
  tell: (words: string, share?: number) => void,
): Promise<PastOrder[]> {
  const { places, programs } = parts;
  const known = await recoverable(parts, "data");
  const { until, at } = readUntil(to, known);
  const folder = join(places.scratch, "peek");
  await remove(folder);
  await parts.files.folder(places.scratch);
  const { free } = await space(places.scratch, (program, args) => programs.run(program, args));
  const wanted = known.backups.at(-1)!.databaseBytes * 1.2;
  if (free < wanted) {
    throw new Refused(
      `A copy to look into needs ${(wanted / 1e9).toFixed(1)} GB and ${(free / 1e9).toFixed(1)} GB are free`,
      "free some space where throw-away copies go",
    );
  }
  const copy = await RestoredCopy.restore({
    use: "peek",
    cluster: "data",
    repository: places.repository("data"),
    streamed: places.streamed("data"),
    into: folder,
    until,
    ...(until.type !== "latest" && { at }),
    gently: true,
    onProgress: (share) => tell("copying the backup", share),
  }, parts);
  try {
    tell("replaying the log");
    await copy.start({ gently: true });
    const client = await copy.connect();
    try {
      const { rows } = await client.query<
        { row: PastOrder["order"]; sealed: string | null; steps: PastOrder["steps"] }
      >(
        `select to_jsonb(d) - 'sealed' as row, encode(d.sealed, 'base64') as sealed,
           coalesce((select jsonb_agg(jsonb_build_object('to', s.to_state, 'outcome', s.outcome,
               'at', s.happened_at) order by s.seq)
             from delivery_steps s where s.delivery_id = d.id and s.undone_at is null), '[]') as steps
         from deliveries d
         where ${
          ofCustomer
            ? "d.recipient_id in (select recipient_id from deliveries where number = $1)"
            : "d.number = $1"
        }
         order by d.day desc, d.number limit 200`,
        [number],
      );
      if (rows.length === 0) {
        throw new Refused(`There was no order ${number} then`, "look at another moment, or check the number");
      }
      return rows.map(({ row, sealed, steps }) => ({
        at,
        order: row,
        sealed: sealed?.replaceAll("\n", "") ?? null,
        steps,
      }));
    } finally {
      await client.end();
    }
  } finally {
    await copy.discard();
  }
}
