import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BlindIndex,
  matches,
  nationalNumber,
  normaliseEmail,
  normalisePhone,
  type SearchableFields,
  words,
} from "../../server/platform/blind_index.ts";

const index = new BlindIndex(new Uint8Array(32).fill(7));

/** What the database does: a row is found when it has a token of every group. */
function found(text: string, fields: SearchableFields): boolean {
  const tokens = new Set(index.tokensOf(fields));
  return index.query(text).every((group) => group.some((token) => tokens.has(token)));
}

function search(text: string, fields: SearchableFields): boolean {
  const hit = found(text, fields) && matches(text, fields);
  if (!hit) expect(matches(text, fields), "the check refuses whatever the tokens do not find").toBe(false);
  return hit;
}

const anna: SearchableFields = {
  names: ["Anna-Maria Müller-Lüdenscheidt"],
  phones: ["+49 30 23125 042"],
  emails: ["Anna.Mueller@post.example"],
  addresses: ["Donaudampfschifffahrtsgasse 12a", "10115 Neustadt"],
};

describe("a dispatcher finds a recipient", () => {
  it.each([
    ["by a word of the name", "müller"],
    ["by the name without its umlaut", "Muller"],
    ["by the name with the umlaut written out", "Mueller"],
    ["in capitals", "MÜLLER"],
    ["with the words in any order", "mueller anna"],
    ["while still typing", "ann mül"],
    ["by the first ten letters and more of a long word", "Donaudampfschifffahrts"],
    ["by street and house number", "Donaudampfschifffahrtsgasse 12a"],
    ["by postcode", "10115"],
    ["by postcode and town", "10115 neust"],
    ["by the phone number as it is stored", "+49 30 23125 042"],
    ["by the phone number as it is dialled inside the country", "030 23125042"],
    ["by the phone number as a sheet of paper has it", "(030) 23125-042"],
    ["by the phone number with 00 for the country", "0049 30 23125042"],
    ["by the phone number with a superfluous zero", "+49 (0)30/23125042"],
    ["by the phone number without any plus", "493023125042"],
    ["by the last four digits", "5042"],
    ["by the beginning of a number", "030 2312"],
    ["by name and last digits", "Müller 5042"],
    ["by the e-mail address", "anna.mueller@post.example"],
    ["by the beginning of the e-mail address", "anna.muel"],
    ["by nothing at all, as every row is", "  "],
  ])("%s", (_, text) => expect(search(text, anna)).toBe(true));

  it.each([
    ["another name", "Schmidt"],
    ["another first name", "Hanna Müller"],
    ["a word that only begins alike", "Donaudampfschifffahrtskapitän"],
    ["the inside of a word", "ampfschiff"],
    ["another number", "030 23125043"],
    ["three digits", "042"],
    ["another house number", "Donaudampfschifffahrtsgasse 13"],
    ["a single letter that begins a word", "m"],
  ])("but not by %s", (_, text) => expect(search(text, anna)).toBe(false));

  it("by a house number of four digits, which could be the end of a phone number as well", () => {
    expect(search("5042", { addresses: ["Lange Straße 5042"] })).toBe(true);
    expect(search("5042", { phones: ["030 23125 042"] })).toBe(true);
    expect(search("12345 5042", { addresses: ["Lange Straße 5042, 12345 Neustadt"] })).toBe(true);
    expect(search("12345 5042", { phones: ["030 23125 042"], addresses: ["12345 Neustadt"] })).toBe(true);
  });

  it("by a number stored without its country, typed with it", () => {
    expect(search("+49 171 3920012", { phones: ["0171 39200 12"] })).toBe(true);
    expect(search("+353 20 9100123", { phones: ["020 9100123"] })).toBe(true);
    expect(search("+1 212 5550123", { phones: ["(212) 555-0123"] })).toBe(true);
  });

  it.each([
    ["Polish", "Łukasz Żółkiewski", ["lukasz", "zolk", "ŁUKASZ", "Żół"]],
    ["Turkish", "Işıl Yıldırım", ["isil", "IŞIL", "yildirim", "ışıl"]],
    ["Danish", "Søren Kjærgård", ["soren", "soeren", "kjaer", "Kjærgaard"]],
    ["German", "Weißgerber Straße", ["weissgerber", "STRASSE", "straße", "WEIẞGERBER"]],
    ["Greek", "Νίκος Παππάς", ["νικος", "ΝΙΚΟΣ", "Παππας"]],
    ["Cyrillic", "Алёна Йовович", ["алена", "АЛЁНА", "йов"]],
    ["Arabic", "مُحَمَّد الأحمد", ["محمد", "الاحمد"]],
    ["Hebrew", "שָׁלוֹם", ["שלום"]],
    ["Hindi", "प्रिया शर्मा", ["प्रिया", "शर"]],
    ["Korean", "김민준", ["김민준", "민준", "김"]],
    ["Chinese", "北京市朝阳区", ["北京", "朝阳区", "市", "北京市朝阳区"]],
    ["Japanese", "東京都渋谷区がんばりビル5階", ["渋谷", "がんばり", "ビル", "5"]],
    ["Thai", "ถนนสุขุมวิท", ["สุขุมวิท"]],
    ["full-width Latin", "ＡＢＣ Ｓｔｒ", ["abc", "str"]],
  ])("in %s", (_, name, searches) => {
    for (const text of searches) expect(search(text, { names: [name] }), text).toBe(true);
    expect(search("zzzz", { names: [name] })).toBe(false);
  });

  it("not by characters of a Chinese address in another order", () => {
    expect(search("京北", { addresses: ["北京市"] })).toBe(false);
    expect(search("北市", { addresses: ["北京市"] })).toBe(false);
  });

  it("by a phone number typed in Arabic digits", () => {
    expect(search("٠٣٠ ٢٣١٢٥٠٤٢", anna)).toBe(true);
  });
});

describe("the blind index", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.stringMatching(/^[A-Za-zÄÖÜäöüßŁłıİ0-9 .@+()\/-]{0,30}$/),
  );
  const phone = fc.stringMatching(/^(\+49|0049|0)? ?[1-9][0-9]{1,3}[ \/-]?[0-9]{3,9}$/);
  const fields = fc.record({
    names: fc.array(text, { maxLength: 2 }),
    phones: fc.array(phone, { maxLength: 1 }),
    emails: fc.array(fc.emailAddress({ size: "-1" }), { maxLength: 1 }),
    addresses: fc.array(text, { maxLength: 1 }),
  });

  it("never misses a row that matches, as long as the row has fewer tokens than the bound", () => {
    fc.assert(
      fc.property(fields, text, fc.nat(), fc.nat(8), (row, other, pick, length) => {
        const own = [...row.names, ...row.phones, ...row.emails, ...row.addresses];
        const source = own[pick % (own.length || 1)] ?? "";
        for (const typed of [source, source.slice(0, length), other]) {
          if (index.tokensOf(row).length < 120 && matches(typed, row)) expect(found(typed, row)).toBe(true);
        }
      }),
      { seed: 20261123, numRuns: 1_000 },
    );
  });

  it("finds every row by what is written in it", () => {
    fc.assert(
      fc.property(fields, (row) => {
        for (const own of [...row.names, ...row.phones, ...row.emails, ...row.addresses]) {
          expect(matches(own, row), JSON.stringify(own)).toBe(true);
        }
      }),
      { seed: 20261123, numRuns: 1_000 },
    );
  });

  it("gives sorted int4 tokens without repetition, and never more than 120", () => {
    fc.assert(
      fc.property(fc.record({ names: fc.array(text, { maxLength: 20 }), phones: fc.array(phone) }), (row) => {
        const tokens = index.tokensOf(row);
        expect(tokens.length).toBeLessThanOrEqual(120);
        expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
        expect(tokens.every((token) => token === (token | 0))).toBe(true);
      }),
      { seed: 20261123, numRuns: 300 },
    );
  });

  it("keeps whole words and numbers when a row has too many tokens", () => {
    const letter = (i: number) => String.fromCharCode(97 + i);
    const many = Array.from({ length: 20 }, (_, i) => `${letter(i)}bcdefgh${letter(i)}xyz`).join(" ");
    const row = { names: [many], phones: ["030 23125042"], emails: ["anna@post.example"] };
    expect(index.tokensOf(row)).toHaveLength(120);
    expect(found("tbcdefghtxyz 23125042", row)).toBe(true);
    expect(index.tokensOf(row)).toContain(index.token("email", "anna@post.example"));
  });

  it("says the same for the same key and something else for another", () => {
    const again = new BlindIndex(new Uint8Array(32).fill(7));
    const other = new BlindIndex(new Uint8Array(32).fill(8));
    expect(again.tokensOf(anna)).toEqual(index.tokensOf(anna));
    expect(other.tokensOf(anna).filter((token) => index.tokensOf(anna).includes(token))).toEqual([]);
  });

  it("keeps words, phone numbers and e-mail addresses apart", () => {
    const tokens = [index.token("word", "4711"), index.token("phone", "4711"), index.token("email", "4711")];
    expect(new Set(tokens).size).toBe(3);
  });

  it("knows an e-mail address exactly, however it was typed", () => {
    const exact = index.exact("email", " Anna.Müller@Post.example ");
    expect(exact).toHaveLength(32);
    expect(exact).toEqual(index.exact("email", "anna.mu\u0308ller@post.example"));
    expect(exact).not.toEqual(index.exact("email", "anna.muller@post.example"));
  });

  it("is HMAC-SHA-256 as anybody can recompute it", () => {
    const recomputed = createHmac("sha256", new Uint8Array(32).fill(7)).update("word\0strasse").digest();
    expect(index.exact("word", "Straße")).toEqual(new Uint8Array(recomputed));
    expect(index.token("word", "Straße")).toBe(recomputed.readInt32BE(0));
  });

  it("refuses a key of the wrong length", () => {
    expect(() => new BlindIndex(new Uint8Array(16))).toThrow("A blind index needs a key of 32 bytes, not 16");
  });
});

describe("normalising", () => {
  it("reads a phone number from any notation", () => {
    expect(normalisePhone("+49 (0)30 / 23125-042")).toBe("493023125042");
    expect(normalisePhone("0049 30 23125042")).toBe("493023125042");
    expect(normalisePhone("030 23125042")).toBe("03023125042");
    expect(nationalNumber("+49 30 23125042")).toBe("3023125042");
    expect(nationalNumber("030 23125042")).toBe("3023125042");
    expect(nationalNumber("+1 212 5550123")).toBe("2125550123");
    expect(nationalNumber("+353 20 9100123")).toBe("209100123");
  });

  it("cuts text into plain words", () => {
    expect(words("Łódź, Straße Nr. 5—7; Ærøskøbing")).toEqual([
      "lodz",
      "strasse",
      "nr",
      "5",
      "7",
      "aeroskobing",
    ]);
    expect(words("…")).toEqual([]);
  });

  it("lowers and composes an e-mail address and leaves its accents alone", () => {
    expect(normaliseEmail(" JÖRG@Post.Example\n")).toBe("jörg@post.example");
  });
});
