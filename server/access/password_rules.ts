import { badInput } from "../platform/problem.ts";

/** What somebody who knows the person or the company would try first. */
export interface OwnWords {
  company: string;
  name: string;
  email: string;
}

const SHORTEST = 8;

/** Thousands of passwords people chose most often, as leaks have shown; the file says where it is from. */
const common = new Set(
  Deno.readTextFileSync(new URL("common_passwords.txt", import.meta.url)).split("\n")
    .filter((row) => row !== "" && !row.startsWith("#")),
);

/**
 * Refuses a new password that would be guessed early (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0 V6.2.4, V6.2.11). Length is
 * the schema's business, and there are no rules of composition.
 *
 * @param path  where the password stands in the input
 * @throws Problem bad-input
 */
export function refuseGuessable(password: string, own: OwnWords, path: string): void {
  const reason = weakness(password, own);
  if (reason) throw badInput([{ path, reason }]);
}

function weakness(password: string, own: OwnWords): string | null {
  const plain = fold(password);
  const core = plain.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  if (common.has(plain) || common.has(core)) return "is one of the passwords that are tried first";
  if (new Set(plain).size < 4 || isRow(plain)) return "repeats or counts; choose something less regular";
  if ([...without(plain, own)].length < SHORTEST) {
    return `needs ${SHORTEST} characters besides the names of you, your company and this product`;
  }
  return null;
}

/** What is left of a password without its owner's words: "Lindqvist-2026" is "-2026" for somebody of that name. */
function without(plain: string, own: OwnWords): string {
  const words = [own.company, own.name, own.email, "fleethold"]
    .flatMap((text) => [fold(text), ...fold(text).split(/[^\p{L}\p{N}]+/u)])
    .filter((word) => word.length >= 3)
    .sort((a, b) => b.length - a.length);
  return words.reduce((left, word) => left.replaceAll(word, ""), plain);
}

/** 1234567890, abcdefgh, 87654321: each character the same distance from the one before; after 9 comes 0. */
function isRow(text: string): boolean {
  const characters = [...text];
  const steps = new Set(
    characters.slice(1).map((next, index) => {
      const step = next.codePointAt(0)! - characters[index]!.codePointAt(0)!;
      return /^\d\d$/.test(characters[index]! + next) ? (step + 10) % 10 : step;
    }),
  );
  return steps.size === 1;
}

const fold = (text: string) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
