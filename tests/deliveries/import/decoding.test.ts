import { describe, expect, it } from "vitest";
import { decode } from "../../../server/deliveries/import/decoding.ts";
import { FileRefused, limits } from "../../../server/deliveries/import/refusal.ts";

const text = "Name;Ort\nJürgen;Köln\n";
const utf8 = new TextEncoder().encode(text);
const latin1 = Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function utf16(content: string, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(content.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < content.length; at++) view.setUint16(at * 2, content.charCodeAt(at), littleEndian);
  return bytes;
}

describe("the encoding of a file", () => {
  it.each([
    ["UTF-8", utf8, "utf-8"],
    ["UTF-8 with a byte order mark", Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8), "utf-8"],
    ["UTF-16 as Excel writes it", utf16("\ufeff" + text, true), "utf-16le"],
    ["UTF-16 big-endian", utf16("\ufeff" + text, false), "utf-16be"],
    ["UTF-16 without a byte order mark", utf16(text, true), "utf-16le"],
    ["UTF-16 big-endian without a byte order mark", utf16(text, false), "utf-16be"],
    ["Latin-1, as old German Excel writes it", latin1, "windows-1252"],
  ])("%s is read with every umlaut in its place", (_name, bytes, encoding) => {
    expect(decode(bytes)).toEqual({ text, encoding });
  });

  it("the euro sign and curly quotes of windows-1252 are read as such", () => {
    expect(decode(Uint8Array.of(0x80, 0x93, 0x94)).text).toBe("€“”");
  });
});

describe("a file that is no table", () => {
  const beginning = (mark: string) => Uint8Array.from(mark + " and so on", (letter) => letter.charCodeAt(0));

  it.each([
    ["nothing at all", new Uint8Array(), "file-empty"],
    ["only blank lines", beginning("\r\n").slice(0, 2), "file-empty"],
    ["an Excel workbook", beginning("PK\x03\x04"), "file-is-workbook"],
    ["an old Excel workbook", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1), "file-is-workbook"],
    ["a PDF", beginning("%PDF-1.7"), "file-is-pdf"],
    ["the shop's sign-in page", beginning("<!DOCTYPE html>"), "file-is-web-page"],
    ["a photo", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0, 1), "file-is-binary"],
    ["a file over 25 MB", new Uint8Array(limits.bytes + 1).fill(97), "file-too-large"],
  ])("%s is refused with a sentence and the next step", (_name, bytes, slug) => {
    const refusal = refusalOf(() => decode(bytes));
    expect(refusal.slug).toBe(slug);
    expect(refusal.title).toMatch(/^The file .+[^.]$/);
    expect(refusal.next).toMatch(/^[A-Z].+\.$/);
  });

  it("a file that is too large hears the limit", () => {
    const refusal = refusalOf(() => decode(new Uint8Array(limits.bytes + 1)));
    expect(refusal.title).toContain("the limit is 25 MB");
    expect(refusal.status).toBe(413);
  });
});

function refusalOf(act: () => unknown): FileRefused {
  try {
    act();
  } catch (error) {
    if (error instanceof FileRefused) return error;
  }
  throw new Error("The file was not refused");
}
