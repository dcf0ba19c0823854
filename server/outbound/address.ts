import { isIP } from "node:net";

/**
 * Where an address leads: to the internet; into somebody's own network; to this machine itself; or to where no
 * identity provider can be, such as a cloud's metadata service.
 */
export type Reach = "public" | "private" | "loopback" | "never";

/**
 * The registries of special addresses (RFC 6890), https://www.iana.org/assignments/iana-ipv4-special-registry and
 * …/iana-ipv6-special-registry. The most specific row that fits counts.
 */
const reachesOfIPv4: [string, Reach][] = [
  ["0.0.0.0/0", "public"],
  ["0.0.0.0/8", "never"], // this network; 0.0.0.0 reaches this machine
  ["10.0.0.0/8", "private"], // RFC 1918
  ["100.64.0.0/10", "private"], // shared by a carrier's customers, RFC 6598
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "never"], // link-local, RFC 3927, where clouds answer with their machines' secrets
  ["172.16.0.0/12", "private"], // RFC 1918
  ["192.0.0.0/24", "never"], // protocol assignments, RFC 6890
  ["192.0.2.0/24", "never"], // documentation, RFC 5737
  ["192.88.99.0/24", "never"], // relays of 6to4, RFC 7526
  ["192.168.0.0/16", "private"], // RFC 1918
  ["198.18.0.0/15", "never"], // benchmarks, RFC 2544
  ["198.51.100.0/24", "never"], // documentation
  ["203.0.113.0/24", "never"], // documentation
  ["224.0.0.0/4", "never"], // multicast
  ["240.0.0.0/4", "never"], // reserved, and the broadcast address
];
const reachesOfIPv6: [string, Reach | { ipv4At: number }][] = [
  ["::/0", "never"], // nothing is assigned outside 2000::/3, RFC 4291
  ["::1/128", "loopback"],
  // Those that carry an IPv4 address lead where it leads; `ipv4At` is its first bit.
  ["::ffff:0:0/96", { ipv4At: 96 }], // mapped, RFC 4291
  ["64:ff9b::/96", { ipv4At: 96 }], // NAT64, RFC 6052
  ["2002::/16", { ipv4At: 16 }], // 6to4, RFC 3056
  ["2000::/3", "public"],
  ["2001::/23", "never"], // protocol assignments, Teredo among them
  ["2001:db8::/32", "never"], // documentation, RFC 3849
  ["3fff::/20", "never"], // documentation, RFC 9637
  ["fc00::/7", "private"], // unique local, RFC 4193
];

interface Row<T> {
  first: bigint;
  bits: number;
  reach: T;
}

function table<T>(rows: [string, T][], read: (address: string) => bigint): Row<T>[] {
  return rows.map(([block, reach]) => {
    const [address, bits] = block.split("/") as [string, string];
    return { first: read(address), bits: Number(bits), reach };
  }).toSorted((a, b) => b.bits - a.bits);
}

const ipv4 = table(reachesOfIPv4, numberOfIPv4);
const ipv6 = table(reachesOfIPv6, numberOfIPv6);

/** Where an address leads, as a resolver gives it: without brackets. What is no address leads nowhere: `never`. */
export function reachOf(address: string): Reach {
  if (isIP(address) === 4) return reachOfIPv4(numberOfIPv4(address));
  // With a zone (`fe80::1%eth0`) it is of one link only.
  if (isIP(address) !== 6 || address.includes("%")) return "never";
  const number = numberOfIPv6(address);
  const reach = lookUp(ipv6, number, 128);
  return typeof reach === "string" ? reach : reachOfIPv4(number >> BigInt(96 - reach.ipv4At) & 0xffff_ffffn);
}

const reachOfIPv4 = (number: bigint): Reach => lookUp(ipv4, number, 32);

/** The last row covers everything. */
function lookUp<T>(rows: Row<T>[], number: bigint, width: number): T {
  return rows.find(({ first, bits }) => number >> BigInt(width - bits) === first >> BigInt(width - bits))!
    .reach;
}

function numberOfIPv4(address: string): bigint {
  return address.split(".").reduce((number, part) => number << 8n | BigInt(part), 0n);
}

function numberOfIPv6(address: string): bigint {
  // The URL parser writes dotted ends as hexadecimal, and leaves one `::` at most.
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::") as [string, string?];
  const groups = (text: string | undefined) => text ? text.split(":") : [];
  const [before, after] = [groups(head), groups(tail)];
  const between = Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...between, ...after].reduce(
    (number, group) => number << 16n | BigInt(`0x${group}`),
    0n,
  );
}
