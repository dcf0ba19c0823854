import { sql } from "kysely";
import { type Actor, system } from "../../audit/actor.ts";
import { type Change, change } from "../../audit/change.ts";
import { Problem } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { Email } from "../../platform/schema.ts";
import { alterAccount, createAccount, holdRoles } from "../account.ts";
import { accept, type OpenInvitation } from "../invitation.ts";
import { completeLogins } from "../login.ts";
import { enter, type Origin } from "../sign_in.ts";
import { endSessions, type RenewedToken, renewToken, type StartedSession } from "../session.ts";
import { textOf } from "./claims.ts";
import { LEEWAY_SECONDS } from "./discovery.ts";
import { PROOF_SECONDS } from "./flow.ts";
import { connect, hashSid, hashSubject, type Identity, identityOf } from "./identity.ts";
import { groupsOf, hasSecondFactor, missingRequirement, type Share, shareOf } from "./mapping.ts";
import type { ProviderRow } from "./provider.ts";
import { SsoRefused } from "./refusal.ts";
import type { Verified } from "./verification.ts";

/** Who acts while the provider's word is followed. */
const provider = (): Actor => system("single sign-on");

/**
 * Whether whom a provider named gets in at all: by two factors, and with what else is asked of everybody.
 * @throws SsoRefused second-factor, required-claim
 */
export function admit({ settings }: ProviderRow, { claims }: Verified): void {
  if (!hasSecondFactor(claims, settings)) throw new SsoRefused("second-factor");
  const claim = missingRequirement(claims, settings);
  if (claim) throw new SsoRefused("required-claim", { claim });
}

/** What a person needs to have an account: their name and address, as the provider has them. */
export function personOf({ claims }: Verified): { name: string; email: string } {
  const email = Email.safeParse(textOf(claims.email, 254) ?? textOf(claims.preferred_username, 254) ?? "");
  if (!email.success) throw new SsoRefused("email-missing");
  const parts = [textOf(claims.given_name, 60), textOf(claims.family_name, 59)].filter(Boolean).join(" ");
  return { email: email.data, name: textOf(claims.name, 120) ?? (parts || email.data.slice(0, 120)) };
}

/**
 * Signs somebody in whom a provider named. Role and sites follow their groups as they are now; whoever got their role by a
 * group and has none any more is signed out everywhere.
 *
 * @throws SsoRefused
 */
export async function signInByProvider(
  services: Services,
  row: ProviderRow,
  verified: Verified,
  origin: Origin,
): Promise<StartedSession> {
  admit(row, verified);
  const { settings } = row;
  const known = await identityOf({ db: services.db, services }, row.id, verified.subject);
  const share = settings.rolesFrom === "provider"
    ? shareOf(groupsOf(verified.claims, settings), settings)
    : null;
  if (settings.rolesFrom === "provider" && !share && !(known && await keepsRole(services, known))) {
    if (known) await shutOut(services, known.accountId);
    throw new SsoRefused("no-role");
  }
  if (known && share) await follow(services, row, known.accountId, share);
  return await start(services, row, known ?? await provide(services, row, verified, share), verified, origin);
}

/** Whose role was given here: who was invited or connected the provider, drivers, and accounts for emergencies. */
export async function keepsRole(services: Services, { accountId, origin }: Identity): Promise<boolean> {
  if (origin === "invitation" || origin === "connected") return true;
  const { role, breakGlass } = await services.db.selectFrom("accounts").select(["role", "breakGlass"])
    .where("id", "=", accountId).executeTakeFirstOrThrow();
  return breakGlass || role === "driver";
}

/**
 * Takes an invitation up with a provider's account in the place of a password.
 * @throws SsoRefused; Problem link-not-valid
 */
export async function acceptByProvider(
  services: Services,
  row: ProviderRow,
  verified: Verified,
  invitation: OpenInvitation,
  origin: Origin,
): Promise<StartedSession> {
  admit(row, verified);
  const identity = await change(services, provider(), async (made) => {
    await accept(made, invitation);
    const given = { providerId: row.id, subject: verified.subject, origin: "invitation" } as const;
    return { id: await connect(made, invitation.account, given), accountId: invitation.account.id };
  });
  return await start(services, row, identity, verified, origin);
}

/**
 * Proves anew that a session is its holder's, by a provider that has just asked them for their factors.
 * @throws SsoRefused another-person, second-factor, logged-in-too-long-ago
 */
export async function proveByProvider(
  services: Services,
  row: ProviderRow,
  verified: Verified,
  actor: Actor,
): Promise<RenewedToken> {
  const identity = await identityOf({ db: services.db, services }, row.id, verified.subject);
  if (identity?.accountId !== actor.accountId) throw new SsoRefused("another-person");
  if (!hasSecondFactor(verified.claims, row.settings)) throw new SsoRefused("second-factor");
  const { signedInAt } = verified;
  const isJustNow = signedInAt
    ? signedInAt.getTime() > Date.now() - (PROOF_SECONDS + LEEWAY_SECONDS) * 1000
    : row.settings.proofBy === "return";
  if (!isJustNow) {
    throw new SsoRefused("logged-in-too-long-ago");
  }
  return await change(services, actor, renewToken);
}

/** Adds a provider to the actor's account. @throws SsoRefused taken, second-factor, required-claim */
export async function connectProvider(
  services: Services,
  row: ProviderRow,
  verified: Verified,
  actor: Actor,
): Promise<void> {
  admit(row, verified);
  await change(services, actor, async (made) => {
    const account = { id: actor.accountId!, personId: actor.personId! };
    await connect(made, account, { providerId: row.id, subject: verified.subject, origin: "connected" });
  });
}

/** Brings an account to what its person's groups say. A driver's and one for emergencies stay as they are. */
async function follow(services: Services, row: ProviderRow, accountId: string, share: Share): Promise<void> {
  try {
    await change(services, provider(), async (made) => {
      await holdRoles(made);
      const account = await made.tx.selectFrom("accounts").selectAll().where("id", "=", accountId).forUpdate()
        .executeTakeFirstOrThrow();
      const { breakGlass, role, disabled } = account;
      const isFixed = breakGlass || role === "driver" || disabled;
      if (isFixed || !await alterAccount(made, account, { ...share, disabled })) made.unchanged();
    });
  } catch (error) {
    // The company keeps its last owner, whatever the groups say.
    if (!(error instanceof Problem && error.slug === "last-owner")) throw error;
    services.log.warn({ provider: row.slug }, "the last owner stays one, though no group says so");
  }
}

/** Somebody in no group that has a role any more: what they have open is closed. */
async function shutOut(services: Services, accountId: string): Promise<void> {
  await change(services, provider(), async (made) => {
    if ((await endSessions(made, accountId)).length === 0) made.unchanged();
  });
}

/** Makes an account for somebody whom the provider lets in and whose groups have a role. */
async function provide(
  services: Services,
  row: ProviderRow,
  verified: Verified,
  share: Share | null,
): Promise<{ id: string; accountId: string }> {
  if (!row.settings.justInTime || !share) throw new SsoRefused("no-account");
  const person = personOf(verified);
  await completeLogins(services);
  try {
    return await change(services, provider(), async (made) => {
      const account = await provideAccount(made, row, {
        ...person,
        ...share,
        personId: await made.newSubject(),
      });
      const given = { providerId: row.id, subject: verified.subject, origin: "sign-in" } as const;
      return { id: await connect(made, account, given), accountId: account.id };
    });
  } catch (error) {
    if (error instanceof Problem && error.slug === "email-taken") throw new SsoRefused("email-taken");
    throw error;
  }
}

/** An account that opens by single sign-on alone. @throws Problem email-taken */
export async function provideAccount(
  made: Change,
  row: ProviderRow,
  given: Parameters<typeof createAccount>[1],
): ReturnType<typeof createAccount> {
  const account = await createAccount(made, given);
  await made.tx.updateTable("accounts").set({ activated: true }).where("id", "=", account.id).execute();
  made.record("account.provided", { account: account.id, role: account.role, provider: row.id });
  return account;
}

async function start(
  services: Services,
  { id: providerId, settings: { proofBy } }: ProviderRow,
  identity: { id: string; accountId: string },
  { idToken, sid, sub, signedInAt }: Verified,
  origin: Origin,
): Promise<StartedSession> {
  const account = await services.db.selectFrom("accounts").select(["id", "personId", "role", "passwordHash"])
    .where("id", "=", identity.accountId).executeTakeFirst();
  const session = account && await enter(services, account, origin, async (made) => {
    const { numUpdatedRows } = await made.tx.updateTable("ssoIdentities").set({
      lastUsedAt: sql<Date>`now()`,
    })
      .where("id", "=", identity.id).executeTakeFirst();
    return numUpdatedRows > 0n;
  }, {
    // Whoever signed in there this morning has shown no factor just now.
    provenAt: signedInAt ?? (proofBy === "return" ? new Date() : new Date(0)),
    alsoKeep: async (made, { id }) => {
      await made.tx.insertInto("ssoSessions").values({
        sessionId: id,
        identityId: identity.id,
        sid: sid === null ? null : hashSid(services.config, providerId, sid),
        sub: hashSubject(services.config, providerId, sub),
        sealed: await made.seal("sso_sessions", id, account.personId, idToken),
      }).execute();
    },
  });
  if (!session) throw new SsoRefused("disabled");
  return session;
}
