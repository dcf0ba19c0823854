import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  firstGap,
  isSegment,
  numberOf,
  segmentOf,
  stretchesOf,
  timelineOf,
} from "../../backup/log_segments.ts";

/** Up to the last of a log of 64 bits, whose next has no name. */
const number = fc.integer({ min: 0, max: 2 ** 40 - 2 });
const timeline = fc.integer({ min: 1, max: 2 ** 31 });

describe("the names of the pieces of the log", () => {
  it("tell their timeline and number, and sort as the log goes", () => {
    fc.assert(fc.property(timeline, number, (timeline, number) => {
      const segment = segmentOf(timeline, number);
      expect(isSegment(segment)).toBe(true);
      expect([timelineOf(segment), numberOf(segment)]).toEqual([timeline, number]);
      expect(segmentOf(timeline, number + 1) > segment).toBe(true);
    }));
  });

  it("go from FF of one log to 00 of the next", () => {
    const next = (segment: string) => segmentOf(timelineOf(segment), numberOf(segment) + 1);
    expect(next("0000000100000002000000FE")).toBe("0000000100000002000000FF");
    expect(next("0000000100000002000000FF")).toBe("000000010000000300000000");
    expect(next("00000001000000FF000000FF")).toBe("000000010000010000000000");
  });

  it("are not the history of a timeline, an unfinished piece, or a backup's label", () => {
    for (
      const name of [
        "00000002.history",
        "000000010000000200000003.partial",
        "000000010000000200000003.00000028.backup",
        "00000001000000020000000g",
      ]
    ) expect(isSegment(name)).toBe(false);
  });

  it("fit the positions PostgreSQL tells", () => {
    expect(bytesOf("1/9A3F28C0")).toBe(2 ** 32 + 0x9A3F28C0);
    expect(segmentOf(1, Math.floor(bytesOf("1/9A3F28C0") / 2 ** 24))).toBe("00000001000000010000009A");
  });
});

describe("a log with a piece missing", () => {
  /** A log of one timeline from `start` on. */
  const log = (start: number, length: number, timeline = 1) =>
    Array.from({ length }, (_, index) => segmentOf(timeline, start + index));
  const start = fc.integer({ min: 0, max: 1_000 });

  it("has no gap while it is whole, in whatever order its pieces are listed", () => {
    fc.assert(fc.property(start, fc.integer({ min: 1, max: 600 }), (start, length) => {
      const whole = log(start, length);
      expect(stretchesOf([...whole].reverse())).toEqual([{ from: whole[0], to: whole.at(-1) }]);
      expect(firstGap([...whole].reverse())).toBeNull();
      expect(firstGap(whole, whole[0])).toBeNull();
    }));
  });

  it("is told by the name of the first that is missing", () => {
    fc.assert(fc.property(
      start,
      fc.integer({ min: 3, max: 600 }),
      fc.nat(),
      fc.nat(),
      (start, length, first, more) => {
        const whole = log(start, length);
        const at = 1 + first % (length - 2);
        const missing = 1 + more % (length - 1 - at);
        const holed = whole.toSpliced(at, missing);
        expect(firstGap(holed)).toBe(whole[at]);
        expect(stretchesOf(holed)).toHaveLength(2);
        expect(firstGap(holed, whole[0])).toBe(whole[at]);
        // What is older than anybody needs may be missing.
        expect(firstGap(holed, whole[at + missing])).toBeNull();
      },
    ));
  });

  it("has a gap when its needed beginning is missing", () => {
    const whole = log(7, 5);
    expect(firstGap(whole.slice(1), whole[0])).toBe(whole[0]);
    expect(firstGap([], whole[0])).toBeNull();
  });

  it("has none where a timeline ends and the next begins", () => {
    const restored = [...log(5, 6), ...log(8, 4, 2)];
    expect(firstGap(restored)).toBeNull();
    expect(firstGap(restored, segmentOf(1, 5))).toBeNull();
    expect(firstGap(restored.toSpliced(8, 1), segmentOf(1, 5))).toBe(segmentOf(2, 10));
  });
});
