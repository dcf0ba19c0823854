import type { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { Config } from "../platform/config.ts";

/**
 * A keyed hash (HMAC-SHA-256) under the pepper, a secret that stands outside the database: whoever steals the tables
 * alone can test no guess against it. Each purpose has a key of its own.
 */
export function peppered(config: Config, purpose: string, data: string | Uint8Array): Buffer {
  return createHmac("sha256", keyFor(config, purpose)).update(data).digest();
}

/** The 256-bit key of one purpose, derived from the pepper. */
export function keyFor(config: Config, purpose: string): Buffer {
  return createHmac("sha256", config.FLEETHOLD_PEPPER).update(purpose).digest();
}
