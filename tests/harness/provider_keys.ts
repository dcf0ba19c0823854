import {
  base64url,
  CompactEncrypt,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from "jose";
import type { Claims, Fault } from "./provider_faults.ts";

/** What may be wrong with the signature of an ID token; with `logout-` in front, of a logout token. */
export const signatureFlaws = [
  "alg-none",
  "unsigned-expected-alg",
  "hs256-with-public-key",
  "hs256-with-client-secret",
  "forged-signature",
  "unknown-kid",
  "embedded-key",
  "encrypted-id-token",
  "no-kid-single-key",
  "no-kid-two-keys",
  "jwks-symmetric",
] as const satisfies Fault[];

/** One of `signatureFlaws`. */
export type SignatureFlaw = typeof signatureFlaws[number];

/** Algorithms a provider may promise. */
export type Algorithm = "RS256" | "PS256" | "ES256";

interface Pair {
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

const encoder = new TextEncoder();
const encoded = (part: object) => base64url.encode(JSON.stringify(part));

/** The keys of a provider, with which it signs well or badly. */
export class ProviderKeys {
  /** A secret that `jwks-symmetric` publishes. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  #generation = 1;
  #strangers: Promise<Pair> | undefined;

  private constructor(
    readonly alg: Algorithm,
    readonly issuer: string,
    readonly clientSecret: string,
    private own: Pair,
  ) {}

  static async create(alg: Algorithm, issuer: string, clientSecret: string): Promise<ProviderKeys> {
    return new ProviderKeys(alg, issuer, clientSecret, await pairOf(alg, "key-1"));
  }

  /** Signs with another key from now on, and publishes only that one. */
  async rotate(): Promise<void> {
    this.own = await pairOf(this.alg, `key-${++this.#generation}`);
  }

  /** Makes a JWT of whatever it is given. */
  async sign(claims: Claims, typ: string, flaw: SignatureFlaw | undefined): Promise<string> {
    const { alg, own } = this;
    const header = { alg, typ, kid: own.kid };
    switch (flaw) {
      case undefined:
        return await signed(claims, header, own.privateKey);
      case "alg-none":
        return `${encoded({ alg: "none", typ })}.${encoded(claims)}.`;
      case "unsigned-expected-alg":
        return `${encoded(header)}.${encoded(claims)}.`;
      case "hs256-with-public-key": {
        const secret = encoder.encode(await exportSPKI(own.publicKey));
        return await signed(claims, { ...header, alg: "HS256" }, secret);
      }
      case "hs256-with-client-secret":
        return await signed(claims, { alg: "HS256", typ }, encoder.encode(this.clientSecret));
      case "jwks-symmetric":
        return await signed(claims, { ...header, alg: "HS256" }, this.#secret);
      case "forged-signature":
        return await signed(claims, header, (await this.#stranger()).privateKey);
      case "unknown-kid": {
        const { kid, privateKey } = await this.#stranger();
        return await signed(claims, { ...header, kid }, privateKey);
      }
      case "embedded-key": {
        const { publicKey, privateKey } = await this.#stranger();
        const jku = `${this.issuer}/keys-of-a-stranger`;
        return await signed(claims, { alg, typ, jwk: await exportJWK(publicKey), jku }, privateKey);
      }
      case "no-kid-single-key":
      case "no-kid-two-keys":
        return await signed(claims, { alg, typ }, own.privateKey);
      case "encrypted-id-token": {
        const inner = await signed(claims, header, own.privateKey);
        const recipient = await generateKeyPair("ECDH-ES", { crv: "P-256" });
        return await new CompactEncrypt(encoder.encode(inner))
          .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", cty: "JWT" })
          .encrypt(recipient.publicKey);
      }
    }
  }

  /** The JWK Set as it is published. */
  async published(has: (fault: Fault) => boolean): Promise<unknown> {
    if (has("jwks-empty")) return { keys: [] };
    if (has("jwks-garbage")) return { keys: [{ kty: "RSA", kid: this.own.kid, n: "!", e: 3 }, "key", null] };
    if (has("jwks-symmetric")) {
      return { keys: [{ kty: "oct", kid: this.own.kid, alg: "HS256", k: base64url.encode(this.#secret) }] };
    }
    const own = { ...await this.#published(this.own), ...has("no-kid-single-key") && { kid: undefined } };
    if (has("jwks-private-key-published")) {
      return { keys: [{ ...await exportJWK(this.own.privateKey), ...own }] };
    }
    if (has("no-kid-two-keys")) return { keys: [await this.#published(await this.#stranger()), own] };
    if (has("jwks-with-strangers")) {
      const encrypting = { ...await this.#published(await this.#stranger()), use: "enc", alg: undefined };
      return { keys: [{ kty: "AKP", kid: "later", alg: "ML-DSA-65", pub: "AAAA" }, encrypting, own] };
    }
    return { keys: [own] };
  }

  /** A key that is not the provider's: made once, when it is needed. */
  #stranger(): Promise<Pair> {
    return this.#strangers ??= pairOf(this.alg, "key-of-a-stranger");
  }

  async #published({ kid, publicKey }: Pair): Promise<JWK> {
    return { ...await exportJWK(publicKey), kid, use: "sig", alg: this.alg };
  }
}

async function pairOf(alg: Algorithm, kid: string): Promise<Pair> {
  return { kid, ...await generateKeyPair(alg, { extractable: true }) };
}

function signed(claims: Claims, header: JWTHeaderParameters, key: CryptoKey | Uint8Array): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}
