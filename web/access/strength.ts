/** How good a password is: `level` 0 (refused) to 4, and the word for it. */
export interface Strength {
  level: 0 | 1 | 2 | 3 | 4;
  /** Characters still missing to the least length. */
  missing: number;
  word: "known" | "fair" | "good" | "strong";
}

const LEAST = 8;

/**
 * Length first (NIST SP 800-63B-4, 3.1.1.2: no composition rules), then the two habits that make length worthless:
 * repetition, and one's own name. A hint for people, not a gate: the server has the last word.
 */
export function strengthOf(password: string, own: string[]): Strength {
  const length = Array.from(password).length;
  if (length < LEAST) return { level: 0, missing: LEAST - length, word: "known" };
  const novel = withoutOwnWords(password.toLowerCase(), own);
  const distinct = new Set(novel).size;
  if (distinct < 5 || novel.length < LEAST / 2) return { level: 1, missing: 0, word: "known" };
  const worth = Math.min(novel.length, distinct * 2);
  if (worth < 12) return { level: 2, missing: 0, word: "fair" };
  return worth < 16 ? { level: 3, missing: 0, word: "good" } : { level: 4, missing: 0, word: "strong" };
}

function withoutOwnWords(password: string, own: string[]): string {
  const words = own.flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) =>
    word.length > 2
  );
  return words.reduce((rest, word) => rest.replaceAll(word, ""), password);
}
