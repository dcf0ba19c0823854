/** What can be wrong between here and the target, told apart because each has another next step. */
export type FaultKind =
  | "unreachable"
  | "host-key-changed"
  | "host-key-unknown"
  | "certificate"
  | "credentials"
  | "password"
  | "full"
  | "locked"
  | "missing"
  | "refused"
  | "gone"
  | "nothing-to-copy"
  | "no-room"
  | "damaged"
  | "other";

/** A failure in a sentence, with the next step. Never with a secret in it. */
export class Fault extends Error {
  override name = "Fault";

  constructor(readonly kind: FaultKind, sentence: string, readonly hint: string) {
    super(sentence);
  }

  /** Sentence and next step, as the status tells it. */
  get told(): string {
    return `${this.message}; ${this.hint}`;
  }
}

type Sentence = (address: string) => [string, string];

const sentences = {
  "host-key-changed": (address) => [
    `${address} shows another host key than the one that is known`,
    "ask whoever runs it whether the key was replaced; if so, put the new one into known_hosts, if not, somebody is in between",
  ],
  "host-key-unknown": (address) => [
    `The host key of ${address} is not known`,
    "put the server's public host key into known_hosts, as whoever runs it tells it to you",
  ],
  certificate: (address) => [
    `The certificate of ${address} is not trusted`,
    "name the authority that signed it in FLEETHOLD_OFFSITE_CACERT, or have the server's certificate renewed",
  ],
  password: (address) => [
    `The copies at ${address} were encrypted under another key`,
    "put the offsite key of this installation back (it is in the recovery kit), or choose an empty folder at the target",
  ],
  full: (address) => [`${address} is full`, "make room there, or prune old copies with credentials that may"],
  locked: (address) => [
    `The copies at ${address} are locked by somebody else`,
    "wait until the pruning there is over; a lock left behind is ignored after half an hour",
  ],
  credentials: (address) => [
    `${address} refused the credentials`,
    "check user, key and password in the folder of credentials, and what the account may do there",
  ],
  refused: (address) => [
    `${address} refused to delete`,
    "let the sidecar delete there, or set FLEETHOLD_OFFSITE_KEYS to a place where it may",
  ],
  missing: (address) => [`There are no copies at ${address}`, "check the address and the folder in it"],
  unreachable: (address) => [
    `${address} cannot be reached`,
    "check that the server runs and that this host gets through to it; it is tried again by itself",
  ],
} satisfies Partial<Record<FaultKind, Sentence>>;
type Recognised = keyof typeof sentences;

/** restic's exit codes since 0.17; before it there are only words. */
const byExitCode: Record<number, Recognised> = { 10: "missing", 11: "locked", 12: "password" };

/** In this order: a later one can be among the words that go with an earlier one. */
const byWords: [Recognised, RegExp][] = [
  ["host-key-changed", /REMOTE HOST IDENTIFICATION HAS CHANGED/],
  ["host-key-unknown", /Host key verification failed|host key is known for/],
  [
    "certificate",
    /x509:|certificate signed by unknown|certificate has expired|SSL certificate|failed to verify certificate/,
  ],
  ["password", /wrong password or no key found|ciphertext verification failed.*key/],
  [
    "full",
    /no space left|disk quota exceeded|quota.{0,20}exceeded|insufficient storage|\b507\b|QuotaExceeded|EDQUOT|ENOSPC/i,
  ],
  ["locked", /already locked/],
  ["refused", /Remove\(.*(403|forbidden|denied|not permitted|permission)|unable to remove/i],
  [
    "credentials",
    /\b401\b|\b403\b|unauthorized|forbidden|permission denied|access ?denied|access key id|signature we calculated|InvalidAccessKeyId|SignatureDoesNotMatch|Too many authentication failures|Load key .*(invalid|error)/i,
  ],
  [
    "unreachable",
    /connection (refused|reset|closed|timed out)|no such host|could not resolve|i\/o timeout|timed? ?out|unreachable|no route to host|broken pipe|connection lost|unexpected EOF|\b50[234]\b/i,
  ],
  [
    "missing",
    /unable to open config file.*(does not exist|no such file|key does not exist|not found|404)|repository does not exist/,
  ],
];

/**
 * What a program's exit code and last words mean.
 * @param words what it said on standard error, without secrets
 */
export function faultOf(address: string, code: number, words: string): Fault {
  const kind = byExitCode[code] ?? byWords.find(([, pattern]) => pattern.test(words))?.[0];
  if (kind) return new Fault(kind, ...sentences[kind](address));
  const last = words.trim().split("\n").findLast((line) => line.trim() !== "") ?? `exit code ${code}`;
  return new Fault(
    "other",
    `Copying to ${address} failed: ${last.trim().slice(0, 300)}`,
    "it is tried again by itself; if it stays, try the target with `check-target`",
  );
}
