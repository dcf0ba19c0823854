import { system } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import { conflict, notFound, Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { newLink } from "./invitation.ts";
import { accountOfLogin, loginHash } from "./login.ts";
import type { InvitedAccount } from "./schema.ts";
import { endSessions } from "./session.ts";

/** Whoever runs the machine: no account, and known to the trail by where they came from. */
const operator = system("operator");

/**
 * Makes a link by which somebody chooses a new password and authenticator: the way back for the last owner, whom
 * nobody else could invite again. What they sign in with now works until the link is used.
 *
 * @throws Problem no-such-login, account-disabled
 */
export async function letBackIn(services: Services, email: string): Promise<InvitedAccount["invitation"]> {
  const accountId = await knownAccount(services, email);
  return await change(services, operator, async (change) => {
    const account = await change.tx.selectFrom("accounts").select(["role", "disabled"])
      .where("id", "=", accountId).forUpdate().executeTakeFirstOrThrow(() => notFound("account"));
    if (account.disabled) {
      throw conflict("account-disabled", "This account is disabled", {
        next: "An owner or admin enables it on the page People.",
      });
    }
    change.record("operator.link-made", { account: accountId, role: account.role });
    return (await newLink(change, accountId)).invitation;
  });
}

/**
 * Signs somebody out everywhere, as after a phone was stolen, and answers how many sessions that ended.
 *
 * @throws Problem no-such-login
 */
export async function signOutEverywhere(services: Services, email: string): Promise<number> {
  const accountId = await knownAccount(services, email);
  return await change(services, operator, async (change) => {
    const { length: count } = await endSessions(change, accountId);
    change.record("operator.sessions-ended", { account: accountId, count });
    return count;
  });
}

async function knownAccount(services: Services, email: string): Promise<string> {
  const account = await accountOfLogin(services, loginHash(services, email));
  if (account) return account;
  throw new Problem(404, "no-such-login", "Nobody signs in with this e-mail address", {
    next: "Check how it is spelt; the page People lists everybody who has an account.",
  });
}
