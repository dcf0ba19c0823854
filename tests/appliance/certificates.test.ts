import { beforeAll, describe, expect, it } from "vitest";
import { appleProfile } from "../../appliance/apple_profile.ts";
import { Authority, isForClients, type Issued } from "../../appliance/authority.ts";
import { fingerprint, inspect, isDue, isFrom } from "../../appliance/certificate.ts";
import { certificatesIn } from "../../appliance/certificates.ts";

const DAY_S = 86_400;
let root: Issued;
let authority: Authority;

beforeAll(async () => {
  root = await Authority.create("fleet.lan");
  authority = await Authority.open(root);
});

describe("the built-in authority", () => {
  it("certifies names and addresses, and the certificate holds for those only", async () => {
    const hosts = ["fleet.lan", "192.168.1.20", "[fd00::20]"] as const;
    const issued = await authority.issue(hosts, 90 * DAY_S);
    expect(inspect(issued, hosts).faults).toEqual([]);
    expect(inspect(issued, ["other.lan", "192.168.1.21"]).faults).toEqual([
      "the certificate does not name other.lan",
      "the certificate does not name 192.168.1.21",
    ]);
    expect(isFrom(issued.chain, root.chain)).toBe(true);
    expect(isFrom(issued.chain, (await Authority.create("fleet.lan")).chain)).toBe(false);
  });

  it("is found in one file with its key, as it is stored", async () => {
    const pem = root.chain + root.key;
    const again = await Authority.open({ chain: certificatesIn(pem), key: pem });
    const { chain, key } = await again.issue(["db"], DAY_S);
    expect(inspect({ chain: chain + key, key: chain + key }, ["db"]).faults).toEqual([]);
    expect(isFrom(chain, root.chain)).toBe(true);
  });

  it("lets a certificate be replaced when a third of its life is left", async () => {
    const { chain } = await authority.issue(["db"], 90 * DAY_S);
    const inDays = (days: number) => Date.now() + days * DAY_S * 1000;
    expect(isDue(chain)).toBe(false);
    expect(isDue(chain, inDays(59))).toBe(false);
    expect(isDue(chain, inDays(61))).toBe(true);
  });

  it("lets services show their certificates to each other, and the one for browsers to nobody", async () => {
    expect(isForClients((await authority.issue(["db"], DAY_S, { asClient: true })).chain)).toBe(true);
    expect(isForClients((await authority.issue(["fleet.lan"], DAY_S)).chain)).toBe(false);
  });

  it("is handed to Apple's devices in a profile that carries the very root", () => {
    const profile = appleProfile(certificatesIn(root.chain), "fleet.lan");
    const der = profile.match(/<data>([^<]+)<\/data>/)![1]!;
    const sha256 = fingerprint(
      `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)!.join("\n")}\n-----END CERTIFICATE-----\n`,
    );
    expect(sha256).toBe(fingerprint(root.chain));
    expect(profile).toContain("com.apple.security.root");
  });
});

describe("a certificate the company brings", () => {
  it("is refused with every reason why it cannot be used", async () => {
    const [mine, another] = [
      await authority.issue(["fleet.lan"], DAY_S),
      await authority.issue(["fleet.lan"], DAY_S),
    ];
    const reasons = (given: Issued, now?: number) => inspect(given, ["fleet.lan"], now).faults.join("; ");
    expect(reasons(mine)).toBe("");
    expect(reasons({ chain: mine.chain, key: another.key })).toBe(
      "the key does not belong to the certificate",
    );
    expect(reasons({ chain: "nonsense", key: mine.key })).toMatch(/not PEM/);
    expect(reasons({ chain: mine.chain, key: "nonsense" })).toMatch(/not an unencrypted private key/);
    expect(reasons(mine, Date.now() + 2 * DAY_S * 1000)).toMatch(/ended on/);
    expect(reasons(mine, Date.now() - 2 * DAY_S * 1000)).toMatch(/begins on .*check the clock/);
  });
});
