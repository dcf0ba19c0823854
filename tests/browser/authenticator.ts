import { decodeBase32IgnorePadding } from "@oslojs/encoding";
import { generateHOTP } from "@oslojs/otp";

const stepMs = 30_000;

/** An authenticator app: shows the codes of one secret (RFC 6238), and none twice, since none is accepted twice. */
export class Authenticator {
  readonly #secret: Uint8Array;
  #lastStep = 0;

  /** @param secret in base32, as the page shows it to be typed in */
  constructor(secret: string) {
    this.#secret = decodeBase32IgnorePadding(secret);
  }

  /** The code of now; when that has been used, the next one, which a server accepts a step early. */
  async code(): Promise<string> {
    const step = Math.max(Math.floor(Date.now() / stepMs), this.#lastStep + 1);
    const early = (step - 1) * stepMs - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    this.#lastStep = step;
    return generateHOTP(this.#secret, BigInt(step), 6);
  }
}
