/** Names that no public authority certifies and no public DNS answers: RFC 6761, RFC 6762, RFC 8375, ICANN 2024. */
const PRIVATE = [
  "localhost",
  "local",
  "lan",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "home.arpa",
  "test",
  "example",
  "invalid",
  "onion",
];

/** Whether a host as it stands in a URL is a name of the public DNS, rather than an address or a name of a LAN. */
export function isPublicName(host: string): boolean {
  if (host.startsWith("[") || /^[\d.]+$/.test(host) || !host.includes(".")) return false;
  return !PRIVATE.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}
