import { describe, expect, it } from "vitest";

const page = await Deno.readTextFile(new URL("../../docs/security/asvs.md", import.meta.url));
const rows = page.split("\n").filter((row) => /^\| V\d/.test(row)).map((row) => {
  const [id = "", how = "", checked = ""] = row.split("|").slice(1).map((cell) => cell.trim());
  return { id, how, checked };
});

/** The requirements of ASVS 5.0 at level 1 and 2, by section: how many there are, numbered from 1. */
const asked = {
  "V6.1": 3,
  "V6.2": 12,
  "V6.3": 4,
  "V6.4": 4,
  "V6.5": 5,
  "V6.6": 3,
  "V6.8": 4,
  "V7.1": 3,
  "V7.2": 4,
  "V7.3": 2,
  "V7.4": 5,
  "V7.5": 2,
  "V7.6": 2,
  "V8.1": 2,
  "V8.2": 3,
  "V8.3": 1,
  "V8.4": 1,
  "V9.1": 3,
  "V9.2": 4,
  "V10.1": 2,
  "V10.2": 2,
  "V10.3": 4,
  "V10.4": 11,
  "V10.5": 5,
  "V10.6": 2,
  "V10.7": 3,
};

describe("the page about ASVS", () => {
  it("has every requirement of its chapters once, and says how each is met or what checks it", () => {
    const ids = Object.entries(asked).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, index) => `${section}.${index + 1}`)
    );
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows.filter(({ how, checked }) => how === "" && checked === "")).toEqual([]);
  });

  it("names tests that exist", async () => {
    let named = 0;
    for (const { id, checked } of rows) {
      for (const part of checked.split("; `").filter((part) => part !== "")) {
        const [, file, title] = /^`?(tests\/[\w/.]+)`(?:: (.+))?$/.exec(part) ?? [];
        expect(file, `${id}: ${part}`).toBeDefined();
        const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
        if (title) expect(text.includes(title), `${id}: ${file} has no test "${title}"`).toBe(true);
        named++;
      }
    }
    expect(named).toBeGreaterThan(60);
  });
});
