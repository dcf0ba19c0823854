import { generateHOTP } from "@oslojs/otp";
import { readSecret } from "../../server/access/totp.ts";
import type { InvitedAccount, TotpEnrolment } from "../../server/access/schema.ts";
import type { Site } from "../../server/sites/schema.ts";
import type { Appliance } from "./appliance.ts";
import { ask } from "./installation.ts";

/** Calls the API of an appliance as somebody signed in; throws with the problem when it refuses. */
export type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** A site of its own in an appliance that is set up, with dispatchers signed in. */
export interface Depot {
  siteId: string;
  /** The cookie header of each dispatcher's session. */
  dispatchers: string[];
  /** Calls the API as the owner. */
  call: Call;
}

const DISPATCHERS = 4;

/**
 * Opens a site and invites its dispatchers, each of whom follows the link and so is signed in.
 *
 * @param owner the cookie header of an owner's session
 */
export async function openDepot(appliance: Appliance, owner: string): Promise<Depot> {
  const call = callerOf(appliance, { cookie: owner });
  const name = `Quay depot ${crypto.randomUUID().slice(0, 8)}`;
  const { id: siteId } = await call<Site>("POST", "/api/sites", { name, timeZone: "Europe/Berlin" });
  const dispatchers: string[] = [];
  // One after the other: a password's hash takes a core for a while.
  for (let at = 0; at < DISPATCHERS; at++) dispatchers.push(await signUp(appliance, call, siteId));
  return { siteId, dispatchers, call };
}

async function signUp(appliance: Appliance, asOwner: Call, siteId: string): Promise<string> {
  const email = `dispatcher.${crypto.randomUUID()}@kestrel.example`;
  const account = { name: "Ingo Vantage", email, role: "dispatcher", siteIds: [siteId] };
  const { invitation } = await asOwner<InvitedAccount>("POST", "/api/accounts", account);
  const authorization = `Invitation ${new URL(invitation.link).hash.slice(1)}`;
  const { secret, ticket } = await callerOf(appliance, { authorization })<TotpEnrolment>(
    "POST",
    "/api/invitation/totp",
  );
  const step = BigInt(Math.floor(Date.now() / 30_000));
  const password = "the parrot keeps its receipts";
  const factors = { password, ticket, code: generateHOTP(readSecret(secret), step, 6) };
  const answer = await ask(
    appliance.url,
    "POST",
    "/api/invitation",
    { authorization },
    factors,
    await appliance.client(),
  );
  await answer.body?.cancel();
  return answer.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
}

/** Calls the API with these headers. */
export function callerOf(appliance: Appliance, headers: Record<string, string>): Call {
  return async <T>(method: string, path: string, body?: unknown) => {
    const answer = await ask(appliance.url, method, path, headers, body, await appliance.client());
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  };
}
