import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import {
  isRun,
  longestPrefix,
  nationalNumber,
  normaliseEmail,
  normalisePhone,
  piecesOf,
  type SearchableFields,
  shortestPhone,
  spellingsOf,
  spokenText,
  termsOf,
  words,
} from "./search_text.ts";

export {
  matcherOf,
  matches,
  nationalNumber,
  normaliseEmail,
  normalisePhone,
  type SearchableFields,
  words,
} from "./search_text.ts";

/** What a text is; the same text of another kind has another token. */
export type TokenKind = "word" | "phone" | "email";

/** A row has at most so many tokens. Whole words and numbers come first, so beginnings of long texts give way. */
const mostTokens = 120;

/** Tokens remembered, because rows share most of their words: cities, first names, beginnings. About 2 MB. */
const mostRemembered = 20_000;

/**
 * Makes personal text findable without storing it: every word, beginning of a word and phone number becomes a token,
 * a keyed hash (HMAC-SHA-256, RFC 2104) cut to 32 bits, which says nothing to whoever does not hold the key.
 * Somebody who holds it together with the tokens can test guesses; hence the index lives in UNLOGGED tables, outside
 * WAL and backups, and the key outside the database.
 *
 * A search is a list of groups: a row is found when it has at least one token of every group. In SQL, one `&&` for
 * each group. Rows found are checked with {@link matches} once opened.
 */
export class BlindIndex {
  #inner: Hash;
  #outer: Hash;
  #remembered = new Map<string, number>();

  /** @param key 32 random bytes, used for nothing else */
  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new Error(`A blind index needs a key of 32 bytes, not ${key.length}`);
    this.#inner = createHash("sha256").update(padded(key, 0x36));
    this.#outer = createHash("sha256").update(padded(key, 0x5c));
  }

  /** The token of one text as PostgreSQL's int4, the text normalised as its kind asks. */
  token(kind: TokenKind, text: string): number {
    return this.#tokenOf(kind, normalise(kind, text));
  }

  /** The full 256 bits for a look-up that must not err, such as the address somebody signs in with. */
  exact(kind: TokenKind, text: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash(kind, normalise(kind, text)));
  }

  /** All tokens of a row, sorted and without repetition; at most 120. */
  tokensOf(fields: SearchableFields): number[] {
    const whole = new Set<number>();
    const beginnings = new Set<number>();
    for (const piece of spokenText(fields).flatMap(piecesOf)) {
      for (const spelling of spellingsOf(piece)) {
        const parts = isRun(piece) ? gramsOf(spelling) : beginningsOf(spelling);
        whole.add(this.#tokenOf("word", parts.at(-1)!));
        for (const part of parts) beginnings.add(this.#tokenOf("word", part));
      }
    }
    for (const phone of fields.phones ?? []) {
      for (const part of partsOfPhone(phone)) whole.add(this.#tokenOf("phone", part));
    }
    for (const email of fields.emails ?? []) whole.add(this.token("email", email));
    return [...whole.union(beginnings)].slice(0, mostTokens).sort((a, b) => a - b);
  }

  /** The groups of a search text; none when there is nothing to search for, which finds every row. */
  query(text: string): number[][] {
    return termsOf(text).flatMap((term) => {
      if (term.kind === "run") return bigramsOf(term.run).map((gram) => [this.#tokenOf("word", gram)]);
      return [[
        ...term.spellings.map((spelling) => this.#tokenOf("word", beginningsOf(spelling).at(-1)!)),
        ...term.phones.map((phone) => this.#tokenOf("phone", phone.slice(-longestPrefix))),
      ]];
    });
  }

  #tokenOf(kind: TokenKind, normalised: string): number {
    const shared = kind === "word" || (kind === "phone" && normalised.length <= 6);
    if (!shared) return this.#hash(kind, normalised).readInt32BE(0);
    const name = kind + normalised;
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    const token = this.#hash(kind, normalised).readInt32BE(0);
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(name, token);
    return token;
  }

  /** HMAC-SHA-256. The key's two blocks are hashed once and copied: half the time of `createHmac` for each token. */
  #hash(kind: TokenKind, normalised: string): Buffer {
    const inner = this.#inner.copy().update(`${kind}\0${normalised}`).digest();
    return this.#outer.copy().update(inner).digest();
  }
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(64);
  block.set(key);
  return block.map((byte) => byte ^ pad);
}

function normalise(kind: TokenKind, text: string): string {
  return { word: (word: string) => words(word).join(" "), phone: normalisePhone, email: normaliseEmail }
    [kind](text);
}

/** The first 2, 3, … 10 letters of a word; the last is the whole word unless that is longer. */
function beginningsOf(word: string): string[] {
  const letters = [...word].slice(0, longestPrefix);
  if (letters.length < 2) return [word];
  return letters.slice(1).map((_, index) => letters.slice(0, index + 2).join(""));
}

/** Each character and each pair of neighbours: scripts without spaces have no beginnings of words to go by. */
function gramsOf(run: string): string[] {
  return [...new Set([...run, ...bigramsOf(run)])];
}

function bigramsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => characters[index]! + character);
}

/**
 * The whole number and its last and first 4 to 10 digits: enough to find it written with or without its country, by
 * the digits somebody noted from the display, and while it is still being typed.
 */
function partsOfPhone(phone: string): Set<string> {
  const digits = normalisePhone(phone);
  const national = nationalNumber(phone);
  const parts = new Set(digits === "" ? [] : [digits]);
  for (let length = shortestPhone; length <= longestPrefix; length++) {
    if (digits.length >= length) parts.add(digits.slice(-length));
    if (national.length >= length) parts.add(national.slice(0, length));
  }
  return parts;
}
