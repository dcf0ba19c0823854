import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { Config } from "../platform/config.ts";
import { Problem } from "../platform/problem.ts";
import { Turns } from "../platform/turns.ts";
import { peppered } from "./pepper.ts";

/** OWASP's first choice of parameters: 128 MiB and some 0.4 s for each guess. */
const COST = { logN: 17, r: 8, p: 1 };
const KEY_BYTES = 32;

/** Each computation takes 128 MiB. */
const turns = new Turns(
  { atOnce: 2, waiting: 32 },
  () =>
    new Problem(503, "busy", "Too many people are signing in at this moment", {
      next: "Try again in a few seconds.",
      retryAfter: 5,
    }),
);

/**
 * Hashes a password for storage: `scrypt$17$8$1$salt$hash`, over the peppered password (NIST SP 800-63B-4, 3.1.1.2).
 * The parameters stand in the text, so that they can be raised without a migration.
 * @throws Problem busy
 */
export async function hashPassword(config: Config, password: string): Promise<string> {
  const salt = randomBytes(16);
  return stored(salt, await derive(config, password, salt, COST));
}

/**
 * Whether `password` is the one that was stored. Takes the same time when there is none (`stored` null), so that the
 * answer's delay does not tell whether an account exists.
 * @throws Problem busy
 */
export async function isPassword(config: Config, stored: string | null, password: string): Promise<boolean> {
  const [, logN, r, p, salt, hash] = (stored ?? DECOY).split("$");
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  const derived = await derive(config, password, Buffer.from(salt!, "base64"), cost);
  return timingSafeEqual(derived, Buffer.from(hash!, "base64")) && stored !== null;
}

const stored = (salt: Buffer, hash: Buffer) =>
  ["scrypt", COST.logN, COST.r, COST.p, salt.toString("base64"), hash.toString("base64")].join("$");

const DECOY = stored(randomBytes(16), randomBytes(KEY_BYTES));

function derive(config: Config, password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  const input = peppered(config, "password", password.normalize("NFC"));
  const N = 2 ** cost.logN;
  return turns.take(() =>
    new Promise((resolve, reject) =>
      scrypt(input, salt, KEY_BYTES, { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r }, (error, key) => {
        if (error) reject(error);
        else resolve(key as Buffer);
      })
    )
  );
}
