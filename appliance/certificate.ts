import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import type { Issued } from "./authority.ts";

/** A certificate with a third of its life left is due for its next one, as ACME clients do. */
const RENEWED_AT = 1 / 3;

/** What a chain's first certificate says, checked against what it is needed for. */
export interface Inspection {
  /** Why it cannot be used, each a sentence; empty: it can. */
  faults: string[];
  notAfter: Date;
}

/**
 * Whether a certificate can be used for these hosts now.
 *
 * @param hosts names and addresses, IPv6 in brackets; every one must be certified
 */
export function inspect({ chain, key }: Issued, hosts: readonly string[], now = Date.now()): Inspection {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(chain);
  } catch {
    return {
      faults: ["the certificate is not PEM text that begins with -----BEGIN CERTIFICATE-----"],
      notAfter: new Date(0),
    };
  }
  const faults: string[] = [];
  try {
    const own = createPrivateKey(privateKeyIn(key));
    if (!certificate.checkPrivateKey(own)) faults.push("the key does not belong to the certificate");
  } catch {
    faults.push("the key is not an unencrypted private key in PEM; remove its passphrase with openssl pkey");
  }
  const notAfter = new Date(certificate.validTo), notBefore = new Date(certificate.validFrom);
  if (notAfter.getTime() <= now) faults.push(`the certificate ended on ${certificate.validTo}`);
  if (notBefore.getTime() > now) {
    faults.push(`the certificate begins on ${certificate.validFrom}; check the clock`);
  }
  for (const host of hosts) {
    const bare = host.replace(/^\[|\]$/g, "");
    const isAddress = bare.includes(":") || /^[\d.]+$/.test(bare);
    const isNamed = isAddress ? certificate.checkIP(bare) : certificate.checkHost(bare);
    if (!isNamed) faults.push(`the certificate does not name ${bare}`);
  }
  return { faults, notAfter };
}

/** The private key of a PEM text that holds certificates too; the text itself where there is none. */
const privateKeyIn = (pem: string): string =>
  pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/)?.[0] ?? pem;

/** Whether a certificate that can be used still should be replaced now. */
export function isDue(chain: string, now = Date.now()): boolean {
  const { validFrom, validTo } = new X509Certificate(chain);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return to - now < (to - from) * RENEWED_AT;
}

/** SHA-256 of the certificate itself, `AB:CD:…`, as browsers and phones show it. */
export function fingerprint(chain: string): string {
  return new X509Certificate(chain).fingerprint256;
}

/** Whether `issuer` signed the certificate: after the authority was made anew, what it signed before is worthless. */
export function isFrom(chain: string, issuer: string): boolean {
  return new X509Certificate(chain).verify(new X509Certificate(issuer).publicKey);
}

/** A short name for a file's content, to see that it changed. */
export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
