import type { Generated } from "../platform/database.ts";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { changedMeanwhile } from "../platform/http.ts";
import { conflict, Problem } from "../platform/problem.ts";
import { type Role, roles } from "./rights.ts";
import { BREAK_GLASS_DAYS, type SignInPolicy, type SignInPolicyEdit } from "./schema.ts";
import { endSessionsWhere } from "./session.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    signInPolicy: {
      onlyOne: Generated<boolean>;
      ssoOnlyRoles: Generated<string[]>;
      passkeyRoles: Generated<string[]>;
      version: Generated<number>;
    };
  }
}

/** By which ways people may sign in. */
export async function readPolicy({ db }: Pick<Reader, "db">): Promise<SignInPolicy> {
  const row = await db.selectFrom("signInPolicy").select(["ssoOnlyRoles", "passkeyRoles", "version"])
    .executeTakeFirstOrThrow();
  return { ...row, ssoOnlyRoles: known(row.ssoOnlyRoles), passkeyRoles: known(row.passkeyRoles) };
}

const known = (names: readonly string[]): Role[] => roles.filter((role) => names.includes(role));

/**
 * Makes the policy stricter or less strict. Nobody can be locked out by it: single sign-on alone needs a provider that
 * somebody signed in with on trial since it was last changed, and an account of an owner that opens without it and was
 * opened lately; passkeys alone, that everybody of the role has one.
 *
 * @throws Problem changed-meanwhile, no-tried-provider, no-break-glass, passkeys-missing
 */
export async function editPolicy(
  change: Change,
  version: number,
  edit: SignInPolicyEdit,
): Promise<SignInPolicy> {
  await change.tx.selectFrom("signInPolicy").select("version").forUpdate().execute();
  const before = await readPolicy({ db: change.tx });
  if (before.version !== version) throw changedMeanwhile("policy");
  const after = { ...before, ...edit };
  const added = (list: "ssoOnlyRoles" | "passkeyRoles") =>
    after[list].filter((role) => !before[list].includes(role));
  if (added("ssoOnlyRoles").length > 0) await wayInWithoutPassword(change);
  if (added("passkeyRoles").length > 0) await everybodyHasAPasskey(change, added("passkeyRoles"));
  const fields = (["ssoOnlyRoles", "passkeyRoles"] as const)
    .filter((list) => after[list].length !== before[list].length || added(list).length > 0);
  if (fields.length === 0) {
    change.unchanged();
    return before;
  }
  await change.tx.updateTable("signInPolicy").set({
    ssoOnlyRoles: known(after.ssoOnlyRoles),
    passkeyRoles: known(after.passkeyRoles),
    version: version + 1,
  }).execute();
  await endOtherSessions(change, added("ssoOnlyRoles"));
  change.record("sign-in-policy.changed", {
    fields,
    ssoOnly: known(after.ssoOnlyRoles),
    passkey: known(after.passkeyRoles),
  });
  return await readPolicy({ db: change.tx });
}

/** Who came by a password before that was forbidden does not stay, but for whoever forbids it and accounts kept for emergencies. */
async function endOtherSessions(change: Change, roles: readonly Role[]): Promise<void> {
  if (roles.length === 0) return;
  await endSessionsWhere(change, (of) =>
    of.and([
      of("id", "!=", change.actor.sessionId),
      of.exists(
        of.selectFrom("accounts").select("accounts.id").whereRef("accounts.id", "=", "sessions.accountId")
          .where("accounts.role", "in", roles).where("accounts.breakGlass", "=", false),
      ),
      of.not(of.exists(
        of.selectFrom("ssoSessions").select("sessionId").whereRef("sessionId", "=", "sessions.id"),
      )),
    ]));
}

/** The way back when the provider fails: passwords open accounts again. Answers for which roles that was switched off. */
export async function endSsoOnly(change: Change): Promise<Role[]> {
  const { ssoOnlyRoles, version } = await readPolicy({ db: change.tx });
  if (ssoOnlyRoles.length === 0) {
    change.unchanged();
    return [];
  }
  await change.tx.updateTable("signInPolicy").set({ ssoOnlyRoles: [], version: version + 1 }).execute();
  change.record("operator.sso-only-ended", { roles: ssoOnlyRoles });
  return ssoOnlyRoles;
}

/** What of somebody's account the policy asks about. */
interface JudgedAccount {
  role: Role;
  breakGlass: boolean;
}

/**
 * Whether this way opens the account. Asked once everything that was shown has proved right, so that whoever guesses learns
 * nothing from it; and before an invitation is accepted by a way that would open the account only once.
 * @throws Problem sso-only, passkey-needed
 */
export async function followPolicy(
  reader: Pick<Reader, "db">,
  { role, breakGlass }: JudgedAccount,
  way: "password" | "passkey",
): Promise<void> {
  const policy = await readPolicy(reader);
  // Kept for the day the provider fails; what it opens with is still two factors.
  if (policy.ssoOnlyRoles.includes(role) && !breakGlass) throw ssoOnly();
  if (way === "password" && policy.passkeyRoles.includes(role) && !breakGlass) throw passkeyNeeded();
}

/** Asked before somebody's last passkey goes. @throws Problem passkey-needed */
export async function mayBeWithoutPasskey(change: Change, role: Role): Promise<void> {
  if (!(await readPolicy({ db: change.tx })).passkeyRoles.includes(role)) return;
  throw conflict("passkey-needed", "Your role signs in with a passkey, and this is your only one", {
    next: "Add another one first.",
  });
}

async function wayInWithoutPassword(change: Change): Promise<void> {
  const provider = await change.tx.selectFrom("ssoProviders").select("id").where("enabled", "=", true)
    .whereRef("triedVersion", "=", "version").limit(1).executeTakeFirst();
  if (!provider) {
    throw conflict("no-tried-provider", "No provider has been tried out as it is set up now", {
      next: "Sign in with one on trial, under Single sign-on, and see every check passed.",
    });
  }
  const since = new Date(Date.now() - BREAK_GLASS_DAYS * 86_400_000);
  const glass = await change.tx.selectFrom("accounts").select("id").where("breakGlass", "=", true)
    .where("role", "=", "owner").where("disabled", "=", false).where("passwordHash", "is not", null)
    .where("breakGlassTestedAt", ">", since).limit(1).executeTakeFirst();
  if (glass) return;
  throw conflict("no-break-glass", "No owner's account has been opened without the provider lately", {
    next: "Mark an owner's account as one for emergencies, under People, and sign in to it by its password " +
      `and code. It counts for ${BREAK_GLASS_DAYS} days.`,
  });
}

async function everybodyHasAPasskey(change: Change, roles: readonly Role[]): Promise<void> {
  const { count } = await change.tx.selectFrom("accounts")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("role", "in", roles).where("disabled", "=", false).where("passwordHash", "is not", null)
    .where("breakGlass", "=", false)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("passkeys").select("passkeys.id").whereRef("accountId", "=", "accounts.id")))
    ).executeTakeFirstOrThrow();
  if (Number(count) === 0) return;
  throw conflict("passkeys-missing", `${count} of these people have no passkey yet and would be locked out`, {
    next: "Have each of them add one on the page of their account first.",
  });
}

const ssoOnly = () =>
  new Problem(403, "sso-only", "Your company wants you to sign in with its own sign-in", {
    next: "Use the button with its name. If that does not work, ask whoever runs this installation.",
  });

const passkeyNeeded = () =>
  new Problem(403, "passkey-needed", "Your role signs in with a passkey", {
    next: "Choose “Sign in with a passkey”. If you have lost it, ask two administrators for a new start.",
  });
