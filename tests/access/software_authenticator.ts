import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** What an authenticator or a browser that cannot be trusted may do otherwise. */
export interface Otherwise {
  /** The page that asks. */
  origin?: string;
  /** The name the authenticator believes it signs for. */
  rpId?: string;
  /** Whether it made sure who holds it. */
  isVerified?: boolean;
  challenge?: string;
  type?: string;
  /** The counter it claims. */
  count?: number;
  /** Breaks the signature. */
  forged?: boolean;
}

const flags = { present: 0x01, verified: 0x04, mayBeSynced: 0x08, synced: 0x10, attested: 0x40 };

/** A passkey provider in software, ES256 without attestation (WebAuthn Level 3, 6.1 and 6.5). */
export class SoftwareAuthenticator {
  readonly id = randomBytes(32).toString("base64url");
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #count = 0;

  constructor(private readonly origin: string, private readonly rpId = new URL(origin).hostname) {}

  /** Answers `navigator.credentials.create`. */
  create({ challenge }: { challenge: string }, otherwise: Otherwise = {}) {
    const clientDataJSON = this.#clientData("webauthn.create", challenge, otherwise);
    const id = Buffer.from(this.id, "base64url");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#authenticatorData(flags.attested, otherwise),
      Buffer.alloc(16),
      length,
      id,
      this.#coseKey(),
    ]);
    // CBOR (RFC 8949): { fmt: "none", attStmt: {}, authData: bytes }.
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3, 0x63, ...Buffer.from("fmt"), 0x64, ...Buffer.from("none")]),
      Buffer.from([0x67, ...Buffer.from("attStmt"), 0xa0]),
      Buffer.from([0x68, ...Buffer.from("authData"), 0x59, authData.length >> 8, authData.length & 0xff]),
      authData,
    ]);
    return this.#credential({
      clientDataJSON,
      attestationObject: attestationObject.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** Answers `navigator.credentials.get`. */
  get({ challenge }: { challenge: string }, otherwise: Otherwise = {}) {
    const clientDataJSON = this.#clientData("webauthn.get", challenge, otherwise);
    const authData = this.#authenticatorData(0, otherwise);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, "base64url"))]);
    const signature = sign("sha256", signed, this.#keys.privateKey);
    if (otherwise.forged) signature[signature.length - 1]! ^= 1;
    return this.#credential({
      clientDataJSON,
      authenticatorData: authData.toString("base64url"),
      signature: signature.toString("base64url"),
    });
  }

  #credential<T>(response: T) {
    return { id: this.id, rawId: this.id, type: "public-key", clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string, otherwise: Otherwise): string {
    const text = JSON.stringify({
      type: otherwise.type ?? type,
      challenge: otherwise.challenge ?? challenge,
      origin: otherwise.origin ?? this.origin,
      crossOrigin: false,
    });
    return Buffer.from(text).toString("base64url");
  }

  #authenticatorData(more: number, { rpId, isVerified = true, count }: Otherwise): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count ?? ++this.#count);
    const set = flags.present | flags.mayBeSynced | flags.synced | more | (isVerified ? flags.verified : 0);
    return Buffer.concat([sha256(Buffer.from(rpId ?? this.rpId)), Buffer.from([set]), counter]);
  }

  /** COSE_Key (RFC 9053, 7.1.1): { kty: EC2, alg: ES256, crv: P-256, x, y }. */
  #coseKey(): Buffer {
    const { x, y } = this.#keys.publicKey.export({ format: "jwk" });
    return Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x!, "base64url"),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y!, "base64url"),
    ]);
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
