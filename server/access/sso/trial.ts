import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import type { Actor } from "../../audit/actor.ts";
import { type Change, change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { GeneratedMoment } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { notFound } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { accountOfLogin, loginHash } from "../login.ts";
import { clockCheck } from "./check.ts";
import { LEEWAY_SECONDS, reach } from "./discovery.ts";
import { identityOf } from "./identity.ts";
import { groupsOf, shareOf } from "./mapping.ts";
import { noteTried, type ProviderRow } from "./provider.ts";
import { type Reason, refusalOf, SsoRefused } from "./refusal.ts";
import type { Check, Trial } from "./schema.ts";
import { admit, keepsRole, personOf } from "./sign_in.ts";
import type { Verified } from "./verification.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    ssoTries: {
      id: string;
      providerId: string;
      accountId: string;
      passed: boolean;
      /** `Told`, under the key of whoever tried it: claims are somebody's data. */
      sealed: Buffer;
      createdAt: GeneratedMoment;
    };
  }
}

type Told = Pick<Trial, "checks" | "claims" | "groups" | "role" | "siteIds" | "account">;

/** What an answer goes through, in this order, and which refusals each gives. */
const steps: [string, Reason[]][] = [
  ["discovery", [
    "discovery",
    "discovery-issuer",
    "endpoints",
    ...["not-listed", "inside-address", "unknown-host", "unreachable", "certificate"] as const,
    ...["too-slow", "too-large", "gateway", "not-https"] as const,
  ]],
  ["answer", ["refused-there", "state", "response-issuer", "code-missing", "used-before", "too-late"]],
  ["exchange", ["client-refused", "code-refused", "token-endpoint", "id-token-missing"]],
  ["id-token", ["id-token-unreadable", "algorithm", "claim-missing", "subject"]],
  ["times", ["expired", "issued-at", "not-yet-valid", "logged-in-too-long-ago"]],
  ["issuer", ["issuer"]],
  ["audience", ["audience", "authorized-party"]],
  ["nonce", ["nonce"]],
  ["signature", ["signature", "key-unknown"]],
  ["access-token", ["access-token-hash"]],
  ["userinfo", ["userinfo", "userinfo-subject"]],
  ["second-factor", ["second-factor"]],
  ["requirements", ["required-claim"]],
  ["groups", ["groups-overage"]],
  ["role", ["no-role"]],
  ["account", ["no-account", "email-missing", "email-taken", "disabled"]],
];

/** What says that the provider is set up well, and that whoever tried it would not get in all the same. */
const aboutThem: Reason[] = ["no-account", "email-taken", "disabled"];

/** Up to the refusal everything passed, and after it nothing was looked at. */
function stepsUntil(refused: SsoRefused | null): Check[] {
  const found = refused ? steps.findIndex(([, reasons]) => reasons.includes(refused.reason)) : steps.length;
  // A refusal that no step foresees is one of the answer all the same.
  const at = found === -1 ? 1 : found;
  return steps.map(([check], index) => ({
    check,
    outcome: index < at
      ? "passed"
      : index > at
      ? "not-reached"
      : aboutThem.includes(refused!.reason)
      ? "warned"
      : "failed",
    reason: index === at ? refused!.reason : null,
    facts: index === at ? refused!.facts : {},
  }));
}

/**
 * Keeps what came of a sign-in on trial, and tells whoever tried it: every check, the claims as they were received, and
 * what would follow from them. Nobody is signed in and no account is made.
 *
 * @param verify  checks the provider's answer
 * @returns the trial's id
 */
export async function tryOut(
  services: Services,
  row: ProviderRow,
  actor: Actor,
  verify: () => Promise<Verified>,
): Promise<string> {
  const told: Told = { checks: [], claims: null, groups: [], role: null, siteIds: [], account: null };
  let refused: SsoRefused | null = null;
  try {
    const verified = await verify();
    told.claims = JSON.stringify(verified.claims, null, 2).slice(0, 20_000);
    await judge(services, row, verified, told);
  } catch (error) {
    refused = refusalOf(error, "token-endpoint");
  }
  told.checks = stepsUntil(refused);
  const clock = await clockOf(services, row);
  if (clock) told.checks.splice(1, 0, clock);
  const passed = told.checks.every(({ outcome }) => outcome !== "failed");
  const id = newId();
  await change(services, actor, async (made) => {
    await made.tx.deleteFrom("ssoTries").where("accountId", "=", actor.accountId!).execute();
    const sealed = await made.seal("sso_tries", id, actor.personId!, told);
    await made.tx.insertInto("ssoTries").values({
      id,
      providerId: row.id,
      accountId: actor.accountId!,
      passed,
      sealed,
    }).execute();
    if (passed) await noteTried(made, row);
    made.record("sso.tried", { provider: row.id, passed, ...(refused && { reason: refused.reason }) });
  });
  return id;
}

/** The actor's own trial. @throws Problem not-found */
export async function readTrial(reader: Reader, id: string): Promise<Trial> {
  const row = await reader.db.selectFrom("ssoTries").selectAll().where("id", "=", id)
    .where("accountId", "=", reader.actor.accountId!).executeTakeFirstOrThrow(() => notFound("trial"));
  const subject = reader.actor.personId!;
  const told = await reader.openOne<Told>("sso_tries", { id: row.id, subject, sealed: row.sealed }, null);
  if (!told) throw notFound("trial");
  return {
    id: row.id,
    providerId: row.providerId,
    passed: row.passed,
    at: row.createdAt.toISOString(),
    ...told,
  };
}

/** Forgets trials of yesterday: the page that asked has long been shown, and what the provider tells of people goes. */
export async function forgetOldTrials(change: Change): Promise<void> {
  const { numDeletedRows } = await change.tx.deleteFrom("ssoTries")
    .where("createdAt", "<", sql<Date>`now() - interval '1 day'`).executeTakeFirst();
  if (numDeletedRows > 0n) change.record("sso-trials.forgotten", { count: Number(numDeletedRows) });
  else change.unchanged();
}

/** What would follow from a good answer. @throws SsoRefused where somebody would not get in */
async function judge(services: Services, row: ProviderRow, verified: Verified, told: Told): Promise<void> {
  const { settings } = row;
  admit(row, verified);
  told.groups = groupsOf(verified.claims, settings).slice(0, 500);
  const known = await identityOf({ db: services.db, services }, row.id, verified.subject);
  if (settings.rolesFrom === "provider") {
    const share = shareOf(told.groups, settings);
    if (!share && !(known && await keepsRole(services, known))) throw new SsoRefused("no-role");
    Object.assign(told, share);
  }
  if (known) {
    const account = await services.db.selectFrom("accounts").select(["role", "disabled"])
      .where("id", "=", known.accountId).executeTakeFirstOrThrow();
    told.account = "known";
    told.role ??= account.role;
    if (account.disabled) throw new SsoRefused("disabled");
    return;
  }
  told.account = "none";
  if (!settings.justInTime) throw new SsoRefused("no-account");
  const { email } = personOf(verified);
  if (await accountOfLogin(services, loginHash(services, email))) throw new SsoRefused("email-taken");
  told.account = "would-be-made";
}

async function clockOf(services: Services, row: ProviderRow): Promise<Check | null> {
  try {
    const check = clockCheck((await reach(services, row)).asking.skewSeconds);
    // Tokens are given a minute, so a clock that is wrong by more has been told of by now.
    return check.outcome === "failed"
      ? { ...check, facts: { ...check.facts, leeway: `${LEEWAY_SECONDS}` } }
      : check;
  } catch {
    return null;
  }
}
