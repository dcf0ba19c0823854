import { Buffer } from "node:buffer";
import type { Config } from "../platform/config.ts";
import { openBytes, sealBytes } from "../platform/seal.ts";
import { keyFor } from "./pepper.ts";

/**
 * What the server gives out between two steps and wants to see again, sealed: nothing is stored meanwhile, and nobody
 * can read or change it.
 *
 * @param purpose  what it is good for, such as `totp/invitation/…`; for another purpose it does not open
 * @param seconds  how long it is good
 */
export function giveTicket(config: Config, purpose: string, value: unknown, seconds: number): string {
  const text = JSON.stringify({ value, until: Date.now() + seconds * 1000 });
  return sealBytes(keyFor(config, "ticket"), `ticket/${purpose}`, Buffer.from(text)).toString("base64url");
}

/** What a ticket holds; null for one that is old, made up or for another purpose. */
export function takeTicket<T>(config: Config, purpose: string, ticket: string): T | null {
  try {
    const bytes = openBytes(
      keyFor(config, "ticket"),
      `ticket/${purpose}`,
      Buffer.from(ticket, "base64url"),
    );
    const { value, until } = JSON.parse(bytes.toString()) as { value: T; until: number };
    return until > Date.now() ? value : null;
  } catch {
    return null;
  }
}
