import "reflect-metadata"; // which @peculiar/x509 asks for before it is loaded
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { isIP } from "node:net";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const YEAR_S = 365 * 86_400;
/** Devices have to be told of a root by hand: once for the life of the hardware. */
const ROOT_LIFETIME_S = 20 * YEAR_S;
/** A client whose clock is a little behind must not find a new certificate not valid yet. */
const BACKDATED_S = 5 * 60;

/** A certificate with its private key, both PEM. */
export interface Issued {
  /** The chain as a server sends it: its own certificate first. */
  chain: string;
  key: string;
}

/**
 * The built-in certificate authority (RFC 5280): signs the certificates of every service, and in LAN mode the one that
 * browsers see. ECDSA P-256, which every browser and phone takes.
 */
export class Authority {
  private constructor(readonly certificate: X509Certificate, private readonly key: CryptoKey) {}

  /** A new authority for one installation. Its name carries the host, so that two of them can be told apart. */
  static async create(host: string): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: [{ O: ["Fleethold"] }, { CN: [`Fleethold ${host} ${new Date().toISOString().slice(0, 10)}`] }],
      keys,
      signingAlgorithm: ecdsa,
      ...validity(ROOT_LIFETIME_S),
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { chain: pem(certificate), key: await privatePem(keys.privateKey) };
  }

  static async open({ chain, key }: Issued): Promise<Authority> {
    const { rawData } = PemConverter.decodeWithHeaders(key).find(({ type }) => type === "PRIVATE KEY")!;
    return new Authority(
      new X509Certificate(chain),
      await crypto.subtle.importKey("pkcs8", rawData, ecdsa, false, ["sign"]),
    );
  }

  /**
   * A new certificate for a server.
   *
   * @param hosts     names and addresses, IPv6 in brackets; the first is the subject
   * @param lifetimeS seconds from now
   * @param asClient  whether its holder may show it to another server too, as services of the bundle do
   */
  async issue(
    hosts: readonly [string, ...string[]],
    lifetimeS: number,
    { asClient = false } = {},
  ): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [hosts[0].slice(0, 64)] }],
      issuer: this.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.key,
      signingAlgorithm: ecdsa,
      ...validity(lifetimeS),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([
          ExtendedKeyUsage.serverAuth,
          ...(asClient ? [ExtendedKeyUsage.clientAuth] : []),
        ]),
        new SubjectAlternativeNameExtension(hosts.map(generalName)),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.certificate),
      ],
    });
    return { chain: pem(certificate), key: await privatePem(keys.privateKey) };
  }
}

/** Whether the holder may show this certificate to a server, as services of the bundle do to each other. */
export function isForClients(chain: string): boolean {
  const usage = new X509Certificate(chain).getExtension(ExtendedKeyUsageExtension);
  return usage?.usages.includes(ExtendedKeyUsage.clientAuth) ?? false;
}

function validity(lifetimeS: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_S * 1000), notAfter: new Date(now + lifetimeS * 1000) };
}

function generalName(host: string): JsonGeneralName {
  const bare = host.replace(/^\[|\]$/g, "");
  return isIP(bare) ? { type: "ip", value: bare } : { type: "dns", value: bare };
}

const pem = (certificate: X509Certificate): string => `${certificate.toString("pem").trim()}\n`;

async function privatePem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY").trim()}\n`;
}
