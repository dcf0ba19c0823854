import { COPY } from "./copying.ts";
import { Fault, faultOf } from "./fault.ts";
import type { Notebook } from "./memory.ts";
import { canDelete } from "./proof.ts";
import type { Copies, Options } from "./restic.ts";

const HOUR = 3_600_000;
/**
 * A copy of the keys goes after this time. It holds keys that may have been erased up to 26 hours before it was made,
 * and all must be gone after 72 hours; some are left for a target that is away or holds on for a day.
 */
const KEPT = 40 * HOUR;
/** Pruning locks the copies and rewrites some; once an hour is enough. */
const EVERY = HOUR;
/** A target that does not let us is asked again so often. */
const ASKED = 6 * HOUR;
const DAY = 24 * HOUR;

/**
 * Removes copies of the keys that have grown too old, from the target's storage too: erasing a person relies on
 * it. The newest one stays whatever its age, since without it all copies of the data are worthless.
 *
 * @throws {Fault} `refused` when the target does not let us
 */
export async function expireKeys(
  copies: Copies,
  notebook: Notebook,
  options: Options,
  now = Date.now(),
): Promise<void> {
  const all = await copies.list(options, COPY);
  await notebook.keep({ oldestKeysAt: all[0]?.time ?? null });
  const known = notebook.of(copies);
  const isSince = (at: string | undefined, age: number) => at !== undefined && now - Date.parse(at) < age;
  if (isSince(known.refusedAt, ASKED)) throw refused(copies);
  const old = all.slice(0, -1).filter(({ time }) => Date.parse(time) < now - KEPT);
  // What a killed pruning left behind is in no copy any more, and only pruning again finds it.
  if (isSince(known.prunedAt, old.length > 0 ? EVERY : DAY)) return;
  if (!await canDelete(copies, options)) {
    known.refusedAt = new Date(now).toISOString();
    await notebook.keep();
    throw refused(copies);
  }
  // By default a twentieth of what nobody needs any more would stay.
  const prune = ["--max-unused", "0"];
  const said = await copies.run(
    old.length > 0 ? ["forget", "--prune", ...prune, ...old.map(({ id }) => id)] : ["prune", ...prune],
    options,
  );
  const left = await copies.list(options, COPY);
  await notebook.keep({ oldestKeysAt: left[0]?.time ?? null });
  // restic 0.18 ends with 0 when removing failed.
  if (left.some(({ id }) => old.some((copy) => copy.id === id))) throw faultOf(copies.address, 1, said.err);
  Object.assign(known, { prunedAt: new Date(now).toISOString(), refusedAt: undefined });
  await notebook.keep();
}

function refused(copies: Copies): Fault {
  return new Fault(
    "refused",
    `${copies.address} does not let the sidecar delete copies of the keys, which must be gone after 72 hours`,
    "let it delete in fleethold-keys, or set FLEETHOLD_OFFSITE_KEYS to a place where it may",
  );
}
