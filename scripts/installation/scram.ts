import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

const iterations = 4096;

/**
 * What PostgreSQL stores for a password: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803 as
 * PostgreSQL writes it, keys as in RFC 5802 section 3). Handing over this instead of the password keeps the password
 * out of the server and its logs. The password must be ASCII, as our generated ones are (no SASLprep is applied).
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toBase64()}$${storedKey}:${serverKey}`;
}

/** Whether a verifier was made from this password. */
export function isVerifierOf(password: string, verifier: string): boolean {
  const salt = verifier.match(/^SCRAM-SHA-256\$4096:([^$]+)\$/)?.[1];
  return salt !== undefined && scramVerifier(password, Uint8Array.fromBase64(salt)) === verifier;
}
