import { FileRefused, limits } from "./refusal.ts";
import type { ImportPreview } from "./schema.ts";

export type Encoding = ImportPreview["encoding"];

/**
 * The text of a file: by its byte order mark, else UTF-16 if every other byte of the beginning is mostly zero, else
 * UTF-8 if it is valid, else windows-1252 (WHATWG Encoding; it reads every Latin-1 file as meant).
 *
 * @throws FileRefused when the file is empty, too large, or no text.
 */
export function decode(bytes: Uint8Array): { text: string; encoding: Encoding } {
  if (bytes.length > limits.bytes) {
    throw new FileRefused(
      "file-too-large",
      `The file has ${Math.ceil(bytes.length / 1024 / 1024)} MB; the limit is ${
        limits.bytes / 1024 / 1024
      } MB`,
      "Split it, or export a shorter period, and import the parts one after the other.",
    );
  }
  for (const { begins, slug, is, next } of strangers) {
    if (begins.some((mark) => mark.every((byte, at) => bytes[at] === byte))) {
      throw new FileRefused(slug, `The file is ${is}, not a CSV file`, next);
    }
  }
  const { text, encoding } = decoded(bytes);
  if (text.trim() === "") {
    throw new FileRefused(
      "file-empty",
      "The file is empty",
      "Export the orders again and choose the new file.",
    );
  }
  if (text.includes("\0")) {
    throw new FileRefused(
      "file-is-binary",
      "The file is not a text file",
      "Export the orders as CSV and choose that file.",
    );
  }
  return { text, encoding };
}

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

/** Files people pick by mistake, told by their first bytes. */
const strangers = [
  {
    begins: [ascii("PK\x03\x04"), ascii("PK\x05\x06"), [0xd0, 0xcf, 0x11, 0xe0]],
    slug: "file-is-workbook",
    is: "an Excel workbook or a ZIP archive",
    next: "Open it in the spreadsheet program, save the sheet as “CSV UTF-8” and choose that file.",
  },
  {
    begins: [ascii("%PDF")],
    slug: "file-is-pdf",
    is: "a PDF document",
    next: "Export the orders as CSV from the shop; a PDF cannot be imported.",
  },
  {
    begins: [ascii("<!DOCTYPE"), ascii("<!doctype"), ascii("<html"), ascii("<?xml")],
    slug: "file-is-web-page",
    is: "a web page or an XML file",
    next:
      "If the shop asked you to sign in instead of exporting, sign in there; then export the orders as CSV.",
  },
];

function decoded(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const read = (encoding: Encoding, fatal = false) => ({
    text: new TextDecoder(encoding, { fatal }).decode(bytes),
    encoding,
  });
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return read("utf-16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return read("utf-16be");
  const wide = unmarkedUtf16(bytes);
  if (wide) return read(wide);
  try {
    return read("utf-8", true);
  } catch {
    return read("windows-1252");
  }
}

/** Text in Latin letters has a zero in every other byte of UTF-16; the side it is on tells the byte order. */
function unmarkedUtf16(bytes: Uint8Array): Encoding | null {
  const pairs = Math.min(bytes.length >> 1, 2048);
  let evenZeros = 0;
  let oddZeros = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (bytes[2 * pair] === 0) evenZeros++;
    if (bytes[2 * pair + 1] === 0) oddZeros++;
  }
  if (oddZeros > pairs / 2 && evenZeros === 0) return "utf-16le";
  if (evenZeros > pairs / 2 && oddZeros === 0) return "utf-16be";
  return null;
}
