import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Reach, reachOf } from "../../server/outbound/address.ts";

const examples: Record<Reach, string[]> = {
  public: [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "198.17.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
  ],
  private: [
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.20",
    "fc00::1",
    "fd12:3456:789a::1",
    "fdff:ffff::",
    "::ffff:192.168.1.20",
    "::ffff:c0a8:114",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::",
  ],
  loopback: [
    "127.0.0.1",
    "127.255.255.255",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
  ],
  never: [
    "0.0.0.0",
    "0.255.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.2.7",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::2",
    "::7f00:1", // IPv4-compatible, given up by RFC 4291
    "::ffff:0:127.0.0.1", // translated, RFC 2765
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.1", // NAT64 of one's own, RFC 8215
    "2002:a9fe:a9fe::",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254%1",
    "",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "[::1]",
    "10.0.0.1:443",
  ],
};

describe.each(Object.entries(examples))("an address that is %s", (reach, addresses) => {
  it.each(addresses)("%s", (address) => {
    expect(reachOf(address)).toBe(reach);
  });
});

it("an IPv4 address leads where it leads however IPv6 carries it", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => {
    const [a, b, c, d] = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
    const carried = [
      `::ffff:${address}`,
      `::ffff:${a}${b}:${c}${d}`,
      `64:ff9b::${a}${b}:${c}${d}`,
      `2002:${a}${b}:${c}${d}:1::`,
    ];
    expect(carried.map(reachOf)).toEqual(carried.map(() => reachOf(address)));
  }));
});

it("every address leads somewhere, and what begins with neither 2 nor 3 never to the internet", () => {
  fc.assert(fc.property(fc.ipV6(), (address) => {
    const reach = reachOf(address);
    expect(Object.keys(examples)).toContain(reach);
    // Fewer than four digits stand for zeros in front of them; fast-check writes IPv4 at the end, too.
    const [first] = address.split(":");
    if (reach === "public" && first !== "" && first !== "64" && !address.includes(".")) {
      expect(first!.padStart(4, "0")).toMatch(/^([23]|0000)/);
    }
  }));
});
