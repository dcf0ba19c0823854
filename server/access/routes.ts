import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { answers, body, etag, ifMatch, params, query } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { isSetUp } from "../company/company.ts";
import { editAccount, listAccounts, signOutAccount } from "./account.ts";
import { rememberDevice } from "./device_cookie.ts";
import {
  acceptWithFactors,
  acceptWithPasskey,
  beginInvitedPasskey,
  enrolInvited,
  invite,
  inviteAgain,
  linkNotValid,
  openInvitation,
  prepareFactors,
  viewOf,
} from "./invitation.ts";
import { completeLogins } from "./login.ts";
import { type AppEnv, fresh, may, open } from "./may.ts";
import {
  Account,
  AccountEdit,
  AccountPage,
  AccountQuery,
  Factors,
  InvitationView,
  InvitedAccount,
  Me,
  NewAccount,
  NewPasskey,
  PasskeyEnrolment,
  RecoveryCodes,
  RenewedInvitation,
  Setup,
  SetupState,
  SetupTotp,
  TotpEnrolment,
} from "./schema.ts";
import { clientOf, handOverSession } from "./session.ts";
import { welcome } from "./session_routes.ts";
import { enrolFirstOwner, isSetupToken, setUp } from "./setup.ts";

/** `/api/setup`: once, with the token the first start printed. */
export const setupRoutes = new Hono<AppEnv>()
  .get(
    "/",
    open("a new installation has nobody who could sign in"),
    answers(200, SetupState, "Says whether the installation is still to be set up"),
    async (c) => c.json({ needed: !await isSetUp(c.var.reader) }),
  )
  .post(
    "/totp",
    open("whoever holds the set-up token sets up"),
    body(SetupTotp),
    answers(200, TotpEnrolment, "Makes a secret for the first owner's authenticator app"),
    async (c) => {
      requireSetupToken(c);
      return c.json(await enrolFirstOwner(c.var.reader, c.req.valid("json").email));
    },
  )
  .post(
    "/",
    open("whoever holds the set-up token sets up"),
    body(Setup),
    answers(201, RecoveryCodes, "Sets up company, first site and first owner, and signs the owner in"),
    async (c) => {
      requireSetupToken(c);
      const given = c.req.valid("json");
      const { recoveryCodes, session } = await setUp(c.var.services, given, clientOf(c));
      handOverSession(c, session);
      rememberDevice(c, given.owner.email);
      return c.json({ recoveryCodes }, 201);
    },
  );

/** `/api/invitation`: the one whose token the request carries. */
export const invitationRoutes = new Hono<AppEnv>()
  .get(
    "/",
    open("whoever holds the link is the invited person"),
    answers(200, InvitationView, "Shows an invitation to the person it is for"),
    async (c) => c.json(viewOf(await invitationOf(c))),
  )
  .post(
    "/totp",
    open("whoever holds the link is the invited person"),
    answers(200, TotpEnrolment, "Makes a secret for the invited person's authenticator app"),
    async (c) => c.json(enrolInvited(c.var.reader, await invitationOf(c))),
  )
  .post(
    "/",
    open("whoever holds the link is the invited person"),
    body(Factors),
    answers(201, RecoveryCodes, "Accepts an invitation and signs in"),
    async (c) => {
      const invitation = await invitationOf(c);
      const factors = await prepareFactors(c.var.reader, invitation, c.req.valid("json"));
      const { recoveryCodes, session } = await c.var.change((change) =>
        acceptWithFactors(change, invitation, factors, clientOf(c))
      );
      handOverSession(c, session);
      rememberDevice(c, invitation.person.email);
      return c.json({ recoveryCodes }, 201);
    },
  )
  .post(
    "/passkey/challenge",
    open("whoever holds the link is the invited person"),
    answers(200, PasskeyEnrolment, "Makes a challenge for the invited person's passkey"),
    async (c) => c.json(await beginInvitedPasskey(c.var.reader, await invitationOf(c))),
  )
  .post(
    "/passkey",
    open("whoever holds the link is the invited person"),
    body(NewPasskey),
    answers(201, Me, "Accepts an invitation with a passkey and signs in"),
    async (c) => {
      const invitation = await invitationOf(c);
      const session = await c.var.change((change) =>
        acceptWithPasskey(change, invitation, c.req.valid("json"), clientOf(c))
      );
      return c.json(await welcome(c, session), 201);
    },
  );

const oneAccount = params("account", z.object({ id: Id }));

export const accountRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("accounts.read"),
    query(AccountQuery),
    answers(200, AccountPage, "Lists the accounts"),
    async (c) => c.json(await listAccounts(c.var.reader, c.req.valid("query"))),
  )
  .post(
    "/",
    may("accounts.write"),
    fresh(),
    body(NewAccount),
    answers(201, InvitedAccount, "Invites somebody by a link that is shown once"),
    async (c) => {
      await completeLogins(c.var.services);
      const invited = await c.var.change((change) => invite(change, c.req.valid("json")));
      etag(c, invited.account.version);
      return c.json(invited, 201);
    },
  )
  .patch(
    "/:id",
    may("accounts.write"),
    fresh(),
    oneAccount,
    ifMatch(),
    body(AccountEdit),
    answers(200, Account, "Edits, disables or enables an account"),
    async (c) => {
      const { id } = c.req.valid("param");
      const account = await c.var.change((change) =>
        editAccount(change, id, c.var.ifMatch, c.req.valid("json"))
      );
      etag(c, account.version);
      return c.json(account);
    },
  )
  .delete(
    "/:id/sessions",
    may("accounts.write"),
    oneAccount,
    answers(204, null, "Signs somebody out everywhere"),
    async (c) => {
      await c.var.change((change) => signOutAccount(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  )
  .post(
    "/:id/invitation",
    may("accounts.write"),
    fresh(),
    oneAccount,
    answers(
      201,
      RenewedInvitation,
      "Makes a new invitation link; for somebody active, once a second one has asked for it within a day",
    ),
    async (c) => {
      const invited = await c.var.change((change) => inviteAgain(change, c.req.valid("param").id));
      etag(c, invited.account.version);
      return c.json(invited, 201);
    },
  );

/** @throws Problem link-not-valid unless the request carries the set-up token */
function requireSetupToken(c: Context<AppEnv>): void {
  if (!isSetupToken(c.var.services.config, tokenOf(c, "Setup"))) throw linkNotValid();
}

const invitationOf = (c: Context<AppEnv>) => openInvitation(c.var.reader, tokenOf(c, "Invitation"));

/** The token of `Authorization: <scheme> TOKEN`: in a header and never in an address, so that no log holds it. */
export function tokenOf(c: Context<AppEnv>, scheme: string): string {
  const [given, token] = c.req.header("authorization")?.split(" ") ?? [];
  if (given?.toLowerCase() !== scheme.toLowerCase() || !token) throw linkNotValid();
  return token;
}
