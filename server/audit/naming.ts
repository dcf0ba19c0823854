import type { Reader } from "./reader.ts";

/**
 * Knows the plain names of one kind of thing by id: null for an erased person; ids it does not know, or that the reader
 * does not reach, are left out. Slices above the trail hand theirs in (see app.ts), so that the trail knows none of them.
 */
export type Namer = (reader: Reader, ids: readonly string[]) => Promise<ReadonlyMap<string, string | null>>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The ids in an entry's detail, alone or in lists, however deep. */
export function idsIn(value: unknown): string[] {
  if (typeof value === "string") return uuid.test(value) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(idsIn);
}

/** Asks every namer for the names of these ids. */
export async function namesOf(
  namers: readonly Namer[],
  reader: Reader,
  ids: Iterable<string>,
): Promise<Map<string, string | null>> {
  const asked = [...new Set(ids)];
  if (asked.length === 0) return new Map();
  const found = await Promise.all(namers.map((namer) => namer(reader, asked)));
  return new Map(found.flatMap((names) => [...names]));
}
