/**
 * PostgreSQL's log in its pieces of 16 MB: a segment's name is timeline, log number and segment number, 8 hexadecimal
 * digits each (PostgreSQL manual, "WAL Internals"; `XLogFileName` in its source).
 */
export const SEGMENT_BYTES = 16 * 1024 ** 2;
const SEGMENTS_PER_LOG = 2 ** 32 / SEGMENT_BYTES;

export const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name);

export const timelineOf = (segment: string): number => parseInt(segment.slice(0, 8), 16);

/** The segment's number on its timeline, counted from the beginning of the log. */
export const numberOf = (segment: string): number =>
  parseInt(segment.slice(8, 16), 16) * SEGMENTS_PER_LOG + parseInt(segment.slice(16), 16);

export function segmentOf(timeline: number, number: number): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
  return hex(timeline) + hex(Math.floor(number / SEGMENTS_PER_LOG)) + hex(number % SEGMENTS_PER_LOG);
}

/** A position such as `1/9A3F28C0` in bytes from the beginning of the log. */
export function bytesOf(lsn: string): number {
  const [high, low] = lsn.split("/").map((part) => parseInt(part, 16)) as [number, number];
  return high * 2 ** 32 + low;
}

/** A stretch of segments without a gap, on one timeline. */
export interface Stretch {
  from: string;
  to: string;
}

/** The stretches these segments make, in order; more than one on a timeline means that something is missing between. */
export function stretchesOf(segments: Iterable<string>): Stretch[] {
  const found: Stretch[] = [];
  for (const segment of [...new Set(segments)].sort()) {
    const last = found.at(-1);
    const continues = last && timelineOf(last.to) === timelineOf(segment) &&
      numberOf(segment) === numberOf(last.to) + 1;
    if (continues) last.to = segment;
    else found.push({ from: segment, to: segment });
  }
  return found;
}

/**
 * The first segment that is missing although later ones of its timeline are there; null when there is none.
 * @param from leaves out what is older than this, which nobody needs any more
 */
export function firstGap(segments: Iterable<string>, from?: string): string | null {
  const stretches = stretchesOf(
    [...segments].filter((segment) =>
      from === undefined || timelineOf(segment) > timelineOf(from) || segment >= from
    ),
  );
  for (const [index, { from: start }] of stretches.entries()) {
    const before = stretches[index - 1];
    if (before && timelineOf(before.to) === timelineOf(start)) {
      return segmentOf(timelineOf(start), numberOf(before.to) + 1);
    }
  }
  if (from !== undefined && stretches[0] && stretches[0].from > from) return from;
  return null;
}
