import { sql } from "kysely";
import { z } from "zod";
import { system } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import { parse } from "../platform/http.ts";
import { badInput, conflict, notFound, Problem } from "../platform/problem.ts";
import { Instant } from "../platform/schema.ts";
import type { Services } from "../platform/services.ts";
import { newLink } from "./invitation.ts";
import { accountOfLogin, loginHash } from "./login.ts";
import { endSsoOnly } from "./policy.ts";
import type { InvitedAccount } from "./schema.ts";
import { endSessions } from "./session.ts";

/** Whoever runs the machine: no account, and known to the trail by where they came from. */
const operator = system("operator");

/** The appliance's services, as compose.yaml calls them; a test holds the two together. */
export const applianceServices = [
  "proxy",
  "api-a",
  "api-b",
  "worker",
  "outbound",
  "db",
  "keys",
  "backup",
  "offsite",
  "certs",
  "acme",
  "init",
  "migrate",
] as const;

/** The commands that stand in the trail as such; new-link and end-sessions record what they do themselves. */
export const operatorCommands = ["up", "down", "restart", "logs", "restore", "kit", "recover"] as const;

/** What the operator's command did to the appliance, as scripts/fleethold tells it. */
const Commanded = z.strictObject({
  command: z.enum(operatorCommands),
  /** Left out: all of them. */
  services: z.array(z.enum(applianceServices)).min(1).max(applianceServices.length).optional(),
  /** When it was, where it could not be told at once. */
  at: Instant.optional(),
  /** The operating system's number for who it was. No name: the trail holds none. */
  uid: z.int().min(0).max(0xffff_ffff).optional(),
});

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

/** Lets everybody who has a password sign in with it again, when the company's provider fails. */
export async function allowPasswords(services: Services): Promise<{ roles: readonly string[] }> {
  return { roles: await change(services, operator, endSsoOnly) };
}

/** Signs everybody out, as after a restore, which brings sessions back that were ended; answers how many there were. */
export async function signOutEverybody(services: Services): Promise<number> {
  return await change(services, operator, async (change) => {
    const ended = await change.tx.updateTable("sessions").set({ endedAt: sql<Date>`now()` })
      .where("endedAt", "is", null).returning("id").execute();
    change.record("operator.everybody-signed-out", { count: ended.length });
    return ended.length;
  });
}

/**
 * Records what whoever runs the machine did beside the product: the words of their command, as JSON.
 *
 * @throws Problem bad-input
 */
export async function noteCommand(services: Services, words: string): Promise<{ recorded: true }> {
  const { at, ...commanded } = parse(Commanded, readJson(words));
  if (at && Date.parse(at) > Date.now()) throw badInput([{ path: "at", reason: "is in the future" }]);
  return await change(services, operator, (change) => {
    change.record("operator.commanded", { ...commanded, ...(at && { happenedAt: at }) });
    return Promise.resolve({ recorded: true });
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput([{ path: "", reason: "is not JSON" }]);
  }
}

async function knownAccount(services: Services, email: string): Promise<string> {
  const account = await accountOfLogin(services, loginHash(services, email));
  if (account) return account;
  throw new Problem(404, "no-such-login", "Nobody signs in with this e-mail address", {
    next: "Check how it is spelt; the page People lists everybody who has an account.",
  });
}
