import type { Reason } from "../../server/access/sso/refusal.ts";
import type { access } from "../i18n/en/access.ts";

type Words = keyof typeof access.companySignIn.refusals;

/** Which words each refusal of a sign-in by a provider has for whoever wanted to sign in. */
const reasons = {
  "not-begun-here": "not-begun-here",
  state: "not-begun-here",
  "too-late": "too-late",
  "used-before": "used-before",
  "refused-there": "refused-there",
  "second-factor": "second-factor",
  "logged-in-too-long-ago": "asked-anew",
  "required-claim": "not-this-account",
  "groups-overage": "not-told",
  "no-role": "no-role",
  "no-account": "no-account",
  "email-missing": "not-told",
  "email-taken": "email-taken",
  disabled: "disabled",
  "another-person": "another-person",
  taken: "taken",
  "not-listed": "silent",
  "inside-address": "silent",
  "unknown-host": "silent",
  unreachable: "silent",
  certificate: "silent",
  "too-slow": "silent",
  gateway: "silent",
  "not-https": "silent",
  "too-large": "wrong",
  discovery: "wrong",
  "discovery-issuer": "wrong",
  endpoints: "wrong",
  "response-issuer": "wrong",
  "code-missing": "wrong",
  "client-refused": "wrong",
  "code-refused": "wrong",
  "token-endpoint": "wrong",
  "id-token-missing": "wrong",
  "id-token-unreadable": "wrong",
  algorithm: "wrong",
  "key-unknown": "wrong",
  signature: "wrong",
  issuer: "wrong",
  audience: "wrong",
  "authorized-party": "wrong",
  nonce: "wrong",
  expired: "wrong",
  "issued-at": "wrong",
  "not-yet-valid": "wrong",
  "claim-missing": "wrong",
  subject: "wrong",
  "access-token-hash": "wrong",
  userinfo: "wrong",
  "userinfo-subject": "wrong",
} satisfies Record<Reason, Words>;

/** The problems of ours that can come between. */
const problems: Record<string, Words> = {
  "too-many-attempts": "attempts",
  "link-not-valid": "invitation",
  "account-disabled": "disabled",
  busy: "not-now",
  "keys-unavailable": "not-now",
  "database-unavailable": "not-now",
  "database-busy": "not-now",
  "storage-full": "not-now",
};

const words: Record<string, Words> = { ...problems, ...reasons };

/** Which words a reason has. */
export const wordsFor = (reason: string): Words => Object.hasOwn(words, reason) ? words[reason]! : "unknown";
