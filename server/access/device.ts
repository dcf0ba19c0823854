import { timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Config } from "../platform/config.ts";
import { peppered } from "./pepper.ts";

/** Who used a device, newest first; a shared one at the depot remembers its last eight. */
const MOST_PEOPLE = 8;
const MARK_BYTES = 16;

/**
 * The cookie by which a device shows that it has signed in before: `<device>.<mark>.<mark>…`, base64url. Each mark is a
 * keyed hash of the device and one person, so that a device known for one person vouches for nobody else.
 */
export class KnownDevice {
  private constructor(readonly id: string, private readonly marks: readonly string[]) {}

  /** Reads a cookie; whatever is not one of ours is a new device. */
  static read(cookie: string | undefined): KnownDevice {
    const [id, ...marks] = cookie?.split(".") ?? [];
    if (!id || !/^[\w-]{22}$/.test(id)) return new KnownDevice(randomBytes(16).toString("base64url"), []);
    return new KnownDevice(id, marks.filter((mark) => /^[\w-]{22}$/.test(mark)).slice(0, MOST_PEOPLE));
  }

  /** Whether this person has signed in on the device before. */
  knows(config: Config, person: Uint8Array): boolean {
    const wanted = Buffer.from(this.#mark(config, person));
    return this.marks.some((mark) => timingSafeEqual(Buffer.from(mark), wanted));
  }

  /** The cookie once this person has signed in. */
  cookieFor(config: Config, person: Uint8Array): string {
    const mark = this.#mark(config, person);
    return [this.id, mark, ...this.marks.filter((other) => other !== mark)].slice(0, 1 + MOST_PEOPLE).join(
      ".",
    );
  }

  #mark(config: Config, person: Uint8Array): string {
    return peppered(config, "known device", `${this.id}\0${Buffer.from(person).toString("base64")}`)
      .subarray(0, MARK_BYTES).toString("base64url");
  }
}

const browsers: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPod/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X|Macintosh/, "Mac"],
  [/Linux/, "Linux"],
];

/** A device in words its owner recognises, such as "Firefox on Linux". */
export function describeDevice(userAgent: string | undefined): string {
  const nameIn = (table: [RegExp, string][]) => table.find(([sign]) => sign.test(userAgent ?? ""))?.[1];
  const browser = nameIn(browsers), system = nameIn(systems);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? "Unknown device";
}
