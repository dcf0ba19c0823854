/** Why the reader was sent back, and by which provider, as it stands in the address. */
export interface Refused {
  refused?: string;
  by?: string;
}

/** Reads that; what is no word of ours becomes `unknown`, since anybody can write an address. */
export const readRefused = ({ refused, by }: Record<string, unknown>): Refused => ({
  refused: refused === undefined ? undefined : isWord(refused) ? refused : "unknown",
  by: isWord(by) ? by : undefined,
});

export const isWord = (text: unknown): text is string =>
  typeof text === "string" && /^[a-z][a-z0-9-]{0,40}$/.test(text);
