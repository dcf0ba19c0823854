import { createHash, timingSafeEqual } from "node:crypto";
import { sql } from "kysely";
import { type Change, change } from "../audit/change.ts";
import { visitor } from "../audit/actor.ts";
import { Reader } from "../audit/reader.ts";
import { createCompany, isSetUp } from "../company/company.ts";
import type { Config } from "../platform/config.ts";
import { conflict } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { createSite } from "../sites/site.ts";
import { createAccount } from "./account.ts";
import { equip } from "./factors.ts";
import { completeLogins } from "./login.ts";
import { hashPassword } from "./password.ts";
import { refuseGuessable } from "./password_rules.ts";
import type { Setup, TotpEnrolment } from "./schema.ts";
import { type Client, type StartedSession, startSession } from "./session.ts";
import { confirmTotp, enrolTotp } from "./totp.ts";

const CONTEXT = "set-up";

/** Whether `token` is the one that the first start printed; compared as hashes, in constant time. */
export function isSetupToken(config: Config, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = config.FLEETHOLD_SETUP_TOKEN;
  return expected !== undefined && timingSafeEqual(digest(token), digest(expected));
}

/** A secret for the first owner to scan. @throws Problem already-set-up */
export async function enrolFirstOwner(reader: Reader, email: string): Promise<TotpEnrolment> {
  if (await isSetUp(reader)) throw alreadySetUp();
  return enrolTotp(reader.services.config, CONTEXT, "Fleethold", email);
}

/**
 * Sets the company up, once: company, first site, and an owner who is signed in with it.
 * @throws Problem already-set-up, bad-input, busy
 */
export async function setUp(
  services: Services,
  { company, owner, site }: Setup,
  client: Client,
): Promise<{ recoveryCodes: string[]; session: StartedSession }> {
  const { config } = services;
  // Whoever sets up makes the first site, of which nobody reaches anything before it is there.
  const actor = { ...visitor(CONTEXT), sites: "all" as const };
  if (await isSetUp(new Reader(services, actor))) throw alreadySetUp();
  refuseGuessable(owner.password, { company: company.name, ...owner }, "owner.password");
  const totp = confirmTotp(config, CONTEXT, { ...owner, path: "owner.code" });
  const passwordHash = await hashPassword(config, owner.password);
  await completeLogins(services);
  return await change(services, actor, async (change) => {
    await onlyOnce(change);
    await createCompany(change, company);
    await createSite(change, site);
    const account = await createAccount(change, {
      name: owner.name,
      email: owner.email,
      personId: await change.newSubject(),
      role: "owner",
      siteIds: [],
    });
    const recoveryCodes = await equip(change, account, { passwordHash, totp });
    change.record("account.activated", { account: account.id, role: account.role });
    return { recoveryCodes, session: await startSession(change, account, client) };
  });
}

/**
 * Of two who set up at the same moment, the second waits here and then finds the company.
 * @throws Problem already-set-up
 */
export async function onlyOnce(change: Change): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('set-up'))`.execute(change.tx);
  if (await isSetUp(change)) throw alreadySetUp();
}

const alreadySetUp = () =>
  conflict("already-set-up", "This installation is set up already", {
    next: "Sign in; if nobody can, ask whoever runs this installation.",
  });
