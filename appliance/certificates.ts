import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { readIfExists, writeWhole } from "../scripts/installation/files.ts";
import { Authority, isForClients, type Issued } from "./authority.ts";
import { fingerprint, inspect, isDue, isFrom } from "./certificate.ts";
import { handed, handOver } from "./hand_over.ts";
import { places } from "./places.ts";
import { appleProfile } from "./apple_profile.ts";
import { handovers, type Service, services } from "./services.ts";
import { addressOf, hostsOf, type Settings } from "./settings.ts";

/** Where the certificate comes from that browsers see. */
export type Source = "own" | "acme" | "lan";

/** Both instances of the API start anew for a new certificate: the second one only once the first is back. */
const BETWEEN_INSTANCES_MS = 45_000;
const instances: Service[] = ["api-a", "api-b"];

/**
 * Keeps every certificate of the installation valid: inside the bundle from the built-in authority, and towards
 * browsers from tls/, from ACME or, by default, from the built-in authority too. Writes files only; each service sees
 * by itself that its own was replaced.
 */
export class CertificateKeeper {
  #instanceRenewedAt = 0;
  #said: Record<string, string> = {};

  private constructor(
    private readonly settings: Settings,
    private readonly authority: Authority,
    private readonly root: string,
    private readonly tell: (line: string) => void,
  ) {}

  /**
   * Opens the built-in authority.
   * @throws when `init` has not made it yet
   */
  static async open(settings: Settings, tell: (line: string) => void): Promise<CertificateKeeper> {
    const pem = await Deno.readTextFile(places.authority);
    const root = certificatesIn(pem);
    return new CertificateKeeper(settings, await Authority.open({ chain: root, key: pem }), root, tell);
  }

  /** Makes the built-in authority unless it exists, and says whether it did. */
  static async ensureAuthority(settings: Settings): Promise<boolean> {
    if (await readIfExists(places.authority) !== undefined) return false;
    const { chain, key } = await Authority.create(settings.FLEETHOLD_HOST);
    await writeWhole(places.authority, chain + key, 0o400);
    return true;
  }

  /** SHA-256 of the root certificate, which people compare before they trust it. */
  get rootFingerprint(): string {
    return fingerprint(this.root);
  }

  /**
   * Looks at every certificate and replaces what is due. Safe to repeat; where nothing is due, nothing is written.
   * @param all whether both instances of the API may be given theirs at once, as before they run
   */
  async keep({ all = false } = {}): Promise<Source> {
    await this.#handTrust();
    for (const service of services.filter((name) => handovers[name].answers)) {
      await this.#keepInternal(service, all);
    }
    return await this.#keepPublic();
  }

  async #keepInternal(service: Service, all: boolean): Promise<void> {
    const present = await handed(service, "tls.pem");
    // Releases before backups issued them for servers alone.
    if (present && this.#isFine(present, [service]) && isForClients(certificatesIn(present))) return;
    if (instances.includes(service) && !all) {
      if (Date.now() < this.#instanceRenewedAt + BETWEEN_INSTANCES_MS) return;
      this.#instanceRenewedAt = Date.now();
    }
    await this.#issue(service, [service], { isRenewal: present !== undefined, asClient: true });
  }

  async #issue(
    service: Service,
    hosts: readonly [string, ...string[]],
    { isRenewal, asClient }: { isRenewal: boolean; asClient: boolean },
  ): Promise<void> {
    const { chain, key } = await this.authority.issue(hosts, this.settings.FLEETHOLD_CERTIFICATE_LIFETIME, {
      asClient,
    });
    await handOver(service, "tls.pem", chain + key);
    this.tell(`${isRenewal ? "renewed" : "issued"} the certificate of ${hosts.join(", ")}`);
  }

  /** What the built-in authority issued, not due, and not for longer than is asked for now. */
  #isFine(pem: string, hosts: readonly string[]): boolean {
    const { faults, notAfter } = inspect({ chain: pem, key: pem }, hosts);
    const latest = Date.now() + this.settings.FLEETHOLD_CERTIFICATE_LIFETIME * 1000;
    return faults.length === 0 && isFrom(pem, this.root) && !isDue(pem) && notAfter.getTime() <= latest;
  }

  async #keepPublic(): Promise<Source> {
    const hosts = hostsOf(this.settings);
    const present = await handed("proxy", "tls.pem");
    const given = await this.#given("own") ?? await this.#given("acme");
    if (given) {
      if (present !== given.chain + given.key) {
        await handOver("proxy", "tls.pem", given.chain + given.key);
        this.tell(`browsers get the certificate from ${given.source === "own" ? "tls/" : "ACME"} now`);
      }
    } else if (!present || !this.#isFine(present, hosts)) {
      await this.#issue("proxy", hosts, { isRenewal: present !== undefined, asClient: false });
    }
    const source = given?.source ?? "lan";
    await this.#handProxyFacts(source);
    return source;
  }

  /** A certificate that somebody else issued, if it is there and can be used. Why it cannot is said once. */
  async #given(source: "own" | "acme"): Promise<(Issued & { source: Source }) | undefined> {
    const { chain, key } = places[source];
    const found = await readPair(chain, key);
    if (found === undefined) {
      this.#sayOnce(source, "");
      return undefined;
    }
    // The name people use has to be certified; aliases only lead to it, and may be names of the LAN.
    const faults = "refused" in found
      ? [found.refused]
      : inspect(found, [this.settings.FLEETHOLD_HOST]).faults;
    const what = source === "own" ? "tls/cert.pem" : "what ACME issued";
    this.#sayOnce(
      source,
      faults.length === 0
        ? ""
        : `cannot use ${what}: ${
          faults.join("; ")
        }\nhint: browsers get the built-in authority's certificate until this is mended`,
    );
    return faults.length === 0 ? { ...found as Issued, source } : undefined;
  }

  /** Whom each service trusts: the built-in authority for the bundle, and the company's own for the world outside. */
  async #handTrust(): Promise<void> {
    const company = await this.#companyAuthorities();
    for (const service of services) {
      await handOver(service, "authority.pem", this.root);
      await handOver(service, "trust.pem", company + this.root);
    }
  }

  /** The certificates in the folder ca/, one after the other. What cannot be used is left out, and said once. */
  async #companyAuthorities(): Promise<string> {
    const names = (await Array.fromAsync(Deno.readDir(places.trusted), ({ name }) => name))
      .filter((name) => /\.(crt|pem|cer)$/.test(name)).sort();
    const usable: string[] = [];
    const faults: string[] = [];
    for (const name of names) {
      try {
        const found = certificatesIn(await Deno.readTextFile(join(places.trusted, name)));
        // Throws for what is none, the empty text too.
        for (const pem of found.split(/(?=-----BEGIN)/)) new X509Certificate(pem);
        usable.push(found);
      } catch (error) {
        const isClosed = error instanceof Deno.errors.PermissionDenied;
        faults.push(
          `ca/${name} ${
            isClosed ? "may not be read; chmod 644 it" : "holds no certificate in PEM that can be read"
          }`,
        );
      }
    }
    this.#sayOnce("ca", faults.join("\n"));
    return usable.join("");
  }

  /** Says what is wrong with something when it begins to be wrong, and not every ten seconds. */
  #sayOnce(about: string, words: string): void {
    if (words !== "" && this.#said[about] !== words) this.tell(words);
    this.#said[about] = words;
  }

  /** What the proxy's pages tell, and for which names it answers. */
  async #handProxyFacts(source: Source): Promise<void> {
    const address = addressOf(this.settings);
    // An IPv6 address with its brackets and without.
    const [host, ...aliases] = hostsOf(this.settings).map((name) =>
      `${name}\n${name.replace(/^\[|\]$/g, "")}\n`
    );
    await handOver(
      "proxy",
      "facts.map",
      `address ${address}\nfingerprint ${this.rootFingerprint}\nsource ${source}\n`,
    );
    await handOver("proxy", "host.lst", host!);
    await handOver("proxy", "aliases.lst", aliases.join(""));
    await handOver("proxy", "fleethold-ca.mobileconfig", appleProfile(this.root, address));
  }
}

/** A certificate and its key; undefined when neither is there; why they cannot be read otherwise. */
async function readPair(chain: string, key: string): Promise<Issued | { refused: string } | undefined> {
  try {
    const [certificate, privateKey] = await Promise.all([readIfExists(chain), readIfExists(key)]);
    if (certificate === undefined && privateKey === undefined) return undefined;
    if (certificate === undefined) return { refused: "key.pem is there, but cert.pem is missing" };
    if (privateKey === undefined) return { refused: "cert.pem is there, but key.pem is missing" };
    return { chain: `${certificate.trim()}\n`, key: `${privateKey.trim()}\n` };
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return {
      refused:
        `it may not be read; let group ${Deno.gid()} read it: chgrp ${Deno.gid()} tls/*.pem && chmod 640 tls/*.pem`,
    };
  }
}

/** The certificates of a PEM text, without keys and remarks. */
export function certificatesIn(pem: string): string {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((certificate) => `${certificate}\n`).join("");
}
