/** What a provider says of somebody, by the claim's name. */
export type Claims = Record<string, unknown>;

/**
 * A claim by its name or, where there is none of that name, by a path with dots: `realm_access.roles`. The name comes
 * first, since names may be addresses.
 */
export function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split(".").reduce<unknown>(
    (at, part) => at && typeof at === "object" && Object.hasOwn(at, part) ? (at as Claims)[part] : undefined,
    claims,
  );
}

/** A claim as a list of words: providers send one group as text, and several as a list. */
export function wordsOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (!Array.isArray(value)) return [];
  return value.filter((word): word is string => typeof word === "string" && word !== "");
}

/** A claim that is text to be shown, on one line and not too long; null where there is none. */
export function textOf(value: unknown, most: number): string | null {
  if (typeof value !== "string") return null;
  // deno-lint-ignore no-control-regex -- control characters are what this takes out
  const text = value.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ").normalize(
    "NFC",
  )
    .trim();
  return text === "" ? null : [...text].slice(0, most).join("").slice(0, most);
}
