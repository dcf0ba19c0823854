/** Names that are in use and that CLDR does not list, by what they mean (ISO 3166-1 alpha-2). */
const alsoCalled: Record<string, string> = {
  uk: "GB",
  "great britain": "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  "northern ireland": "GB",
  usa: "US",
  "u.s.a.": "US",
  "u.s.": "US",
  "united states of america": "US",
  holland: "NL",
  "the netherlands": "NL",
  "czech republic": "CZ",
  "tschechische republik": "CZ",
  brd: "DE",
  turkey: "TR",
  uae: "AE",
};

/** Regions CLDR names that are no countries: groups of them, and codes set aside for tests. */
const noCountry = new Set(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"]);

let byName: Map<string, string> | undefined;

/**
 * The ISO 3166-1 alpha-2 code of a country given as a code or by its English, German or French name.
 *
 * @returns null when no country is called that.
 */
export function readCountry(text: string): string | null {
  const name = text.trim().toLowerCase();
  byName ??= countriesByName();
  return byName.get(name) ?? null;
}

function countriesByName(): Map<string, string> {
  const names = new Map<string, string>();
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (const language of ["en", "de", "fr"]) {
    const display = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
    for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
      const name = display.of(code);
      // Old codes (DD, SU, UK, …) carry the names of the countries that replaced them.
      if (!name || noCountry.has(code) || Intl.getCanonicalLocales(`und-${code}`)[0] !== `und-${code}`) {
        continue;
      }
      names.set(code.toLowerCase(), code).set(name.toLowerCase(), code);
    }
  }
  for (const [name, code] of Object.entries(alsoCalled)) names.set(name, code);
  return names;
}
