/**
 * How personal text is compared when somebody searches: without regard to case, accents, and the way a phone number
 * is written. Pure text in, pure text out; blind_index.ts turns the same pieces into tokens.
 */

/** What can be searched of one row, in the clear. */
export interface SearchableFields {
  names?: string[];
  phones?: string[];
  emails?: string[];
  addresses?: string[];
}

/** One piece of a search text; a row must have every piece. */
export type Term =
  /** A word in its spellings, any of which may begin a word of the row; or else one of `phones` may begin or end a number. */
  | { kind: "word"; spellings: string[]; phones: string[] }
  /** Characters of a script without spaces between words; the row must contain them in this order. */
  | { kind: "run"; run: string };

/** Words are compared by at most so many letters, and phone numbers by at most so many digits, in the index. */
export const longestPrefix = 10;
export const shortestPhone = 4;

const longestText = 1_000;
const mostTerms = 16;

/**
 * Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces, and Korean names without one between
 * family and given name. ー and 々 belong to no script of their own.
 */
const unspaced = String
  .raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const pieces = new RegExp(`[${unspaced}]+|[[\\p{L}\\p{N}\\p{M}]--[${unspaced}]]+`, "gv");
const unspacedPiece = new RegExp(`^[${unspaced}]`, "v");

/** Accents and vowel points; not the marks of scripts in which they are letters, nor the Japanese voicing marks. */
const accents = /[[\p{M}&&[\p{sc=Inherited}\p{sc=Hebrew}]]--[\u3099\u309A]]|\u0640/gv;

/** Letters that Unicode does not decompose. The last ones are digits and letters of Arabic script. */
const plainLetters: Record<string, string> = {
  ...{
    ß: "ss",
    æ: "ae",
    œ: "oe",
    ø: "o",
    ł: "l",
    đ: "d",
    ð: "d",
    þ: "th",
    ħ: "h",
    ŧ: "t",
    ı: "i",
    ĸ: "k",
    ς: "σ",
  },
  ...Object.fromEntries([..."٠١٢٣٤٥٦٧٨٩"].map((digit, value) => [digit, String(value)])),
  ...Object.fromEntries([..."۰۱۲۳۴۵۶۷۸۹"].map((digit, value) => [digit, String(value)])),
  ...{ ى: "ي", ی: "ي", ک: "ك", ة: "ه" },
};
const specialLetter = new RegExp(`[${Object.keys(plainLetters).join("")}]`, "g");

/** Written out where the keyboard lacks them: Müller is Muller to some and Mueller to others. */
const writtenOut: Record<string, string> = { ä: "ae", ö: "oe", ü: "ue", å: "aa", ø: "oe" };

/** The words of a text as they are compared: folded, in their order, each in its first spelling. */
export function words(text: string): string[] {
  return piecesOf(text).flatMap((piece) => spellingsOf(piece).slice(0, 1));
}

/** A text cut into words and, for scripts written without spaces, runs; both composed but not yet folded. */
export function piecesOf(text: string): string[] {
  if (isAscii(text)) return text.slice(0, longestText).match(plainPieces) ?? [];
  return text.slice(0, longestText).normalize("NFKC").match(pieces) ?? [];
}

/** Most words have nothing to fold; asking that first spares them the tables of Unicode. */
function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
const plainPieces = /[A-Za-z0-9]+/g;

export function isRun(piece: string): boolean {
  return unspacedPiece.test(piece);
}

/** One piece, folded: first without its accents, then, if that differs, with its umlauts written out. */
export function spellingsOf(piece: string): string[] {
  const lower = piece.toLowerCase();
  if (isAscii(lower)) return [lower];
  const long = lower.replace(/[äöüåø]/g, (letter) => writtenOut[letter]!);
  return [...new Set([fold(lower), fold(long)])].filter((spelling) => spelling !== "");
}

function fold(lower: string): string {
  return lower.normalize("NFKD").replace(accents, "").replace(
    specialLetter,
    (letter) => plainLetters[letter]!,
  )
    .normalize("NFC");
}

/** An e-mail address as it is compared: trimmed, composed (NFC) and in lower case. */
export function normaliseEmail(text: string): string {
  return text.trim().normalize("NFC").toLowerCase();
}

/** The digits of a phone number, without `+`, `00` and the `(0)` that some write after the country. */
export function normalisePhone(text: string): string {
  const plain = fold(text.normalize("NFKC").trim());
  return plain.replace(/\(0\)/g, "").replace(/\D/g, "").replace(/^00/, "");
}

/** Country codes of two digits; those beginning with 1 or 7 have one, all others three (ITU-T E.164). */
const twoDigitCountry = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** A phone number as dialled inside its country, without the leading 0: the same for +49 30 1234567 and 030 1234567. */
export function nationalNumber(text: string): string {
  const digits = normalisePhone(text);
  const international = /^\s*(\+|00)/.test(text.normalize("NFKC"));
  const country = !international ? 0 : /^[17]/.test(digits) ? 1 : twoDigitCountry.test(digits) ? 2 : 3;
  return digits.slice(country).replace(/^0+/, "");
}

/** A stretch of digits and of what people write between them, not part of a word such as 12a. */
const digitStretch = /(?<![\p{L}\p{N}])[+(]?\d[\d\s()\/.\-]*\d(?![\p{L}\p{N}])/gu;

/**
 * Takes a search text apart. Digits are ambiguous (a phone number, a house number, a postcode, two of them), so each
 * word in a stretch of digits may be found as a word, and the stretch or the word itself as a phone number.
 */
export function termsOf(text: string): Term[] {
  const searched = text.slice(0, longestText).normalize("NFKC");
  const terms: Term[] = [];
  let at = 0;
  for (const { 0: stretch, index } of westernDigits(searched).matchAll(digitStretch)) {
    terms.push(...termsWithin(searched.slice(at, index)));
    terms.push(...termsWithin(stretch, stretch));
    at = index + stretch.length;
  }
  terms.push(...termsWithin(searched.slice(at)));
  return terms.slice(0, mostTerms);
}

function termsWithin(text: string, stretch = ""): Term[] {
  return piecesOf(text).map((piece): Term => {
    const [run = ""] = spellingsOf(piece);
    if (isRun(piece)) return { kind: "run", run };
    const numbers = stretch === "" ? [] : [nationalNumber(stretch), nationalNumber(piece)];
    const phones = [...new Set(numbers)].filter((number) => number.length >= shortestPhone);
    return { kind: "word", spellings: spellingsOf(piece), phones };
  }).filter((term) => term.kind === "run" ? term.run !== "" : term.spellings.length > 0);
}

function westernDigits(text: string): string {
  return text.replace(/[٠-٩۰-۹]/g, (digit) => plainLetters[digit]!);
}

/**
 * Whether a row really has every piece of the search text. To be asked of each row found by its tokens once it is
 * opened: tokens are cut to 32 bits and to the first letters of a word, so they may find a row too many.
 */
export function matcherOf(text: string): (fields: SearchableFields) => boolean {
  const terms = termsOf(text);
  return (fields) => {
    const pieces = spokenText(fields).flatMap(piecesOf);
    const spellings = pieces.filter((piece) => !isRun(piece)).flatMap(spellingsOf);
    const runs = pieces.filter(isRun).flatMap(spellingsOf);
    const phones = fields.phones ?? [];
    return terms.every((term) => {
      if (term.kind === "run") return runs.some((run) => run.includes(term.run));
      return term.spellings.some((typed) => spellings.some((spelling) => begins(spelling, typed))) ||
        term.phones.some((typed) => phones.some((phone) => isPartOfPhone(phone, typed)));
    });
  };
}

/** As `matcherOf`, for one row. */
export const matches = (text: string, fields: SearchableFields): boolean => matcherOf(text)(fields);

/** All searchable text that is compared as words. */
export function spokenText({ names = [], emails = [], addresses = [] }: SearchableFields): string[] {
  return [...names, ...emails.map(normaliseEmail), ...addresses];
}

/** A single letter must be the whole word: half the rows have a word beginning with it. */
function begins(spelling: string, typed: string): boolean {
  return [...typed].length === 1 ? spelling === typed : spelling.startsWith(typed);
}

function isPartOfPhone(phone: string, typed: string): boolean {
  return normalisePhone(phone).endsWith(typed) || nationalNumber(phone).startsWith(typed);
}
