import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { type Change, change } from "../audit/change.ts";
import { Reader } from "../audit/reader.ts";
import { answers, body, params } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { deviceOf, rememberDevice } from "./device_cookie.ts";
import { addFactors, changePassword, changeTotp, checkFactors, proven } from "./factors.ts";
import { type AppEnv, fresh, may, open } from "./may.ts";
import { readMe } from "./me.ts";
import { notify } from "./notice.ts";
import { challenge } from "./passkeys/challenge.ts";
import { hashPassword } from "./password.ts";
import { refuseGuessable } from "./password_rules.ts";
import { issueRecoveryCodes } from "./recovery_code.ts";
import {
  FactorProof,
  Factors,
  FreshProof,
  Me,
  PasskeyAnswer,
  PasskeyChallenge,
  PasswordChange,
  RecoveryCodes,
  Sessions,
  SignIn,
  TotpChange,
  TotpEnrolment,
} from "./schema.ts";
import {
  actorOf,
  clientOf,
  endOwnSession,
  endSessions,
  handOverSession,
  ownSessions,
  type StartedSession,
  takeBackSession,
} from "./session.ts";
import { type Origin, SIGN_IN, signIn, signInByPasskey } from "./sign_in.ts";
import { proofOf, stepUp, stepUpByPasskey } from "./step_up.ts";
import { confirmTotp, enrolTotp } from "./totp.ts";

/** `/api/session`: the one the request comes with. */
export const sessionRoutes = new Hono<AppEnv>()
  .post(
    "/",
    open("signing in is how a session begins"),
    body(SignIn),
    answers(201, Me, "Signs in with e-mail, password and code"),
    async (c) => {
      const { services } = c.var;
      const given = c.req.valid("json");
      const session = await signIn(services, given, originOf(c));
      return c.json(await welcome(c, session), 201);
    },
  )
  .post(
    "/passkey/challenge",
    open("signing in is how a session begins"),
    answers(200, PasskeyChallenge, "Makes a challenge for a passkey to sign in with"),
    async (c) => c.json(await challenge(c.var.services, SIGN_IN, null)),
  )
  .post(
    "/passkey",
    open("signing in is how a session begins"),
    body(PasskeyAnswer),
    answers(201, Me, "Signs in with a passkey"),
    async (c) => {
      const session = await signInByPasskey(c.var.services, c.req.valid("json"), originOf(c));
      return c.json(await welcome(c, session), 201);
    },
  )
  .get(
    "/",
    may("own-session"),
    answers(200, Me, "Says who is signed in"),
    async (c) => c.json(await readMe(c.var.reader)),
  )
  .delete("/", may("own-session"), answers(204, null, "Signs out"), async (c) => {
    await c.var.change((change) => endOwnSession(change, change.actor.sessionId!));
    takeBackSession(c);
    return c.body(null, 204);
  })
  .post(
    "/proof",
    may("own-session"),
    body(FreshProof),
    answers(
      204,
      null,
      "Proves by a code that it is still you, for what asks for it in the next five minutes",
    ),
    async (c) => {
      const { services, actor } = c.var;
      handOverSession(c, await stepUp(services, actor, c.req.valid("json").code));
      return c.body(null, 204);
    },
  )
  .post(
    "/proof/challenge",
    may("own-session"),
    answers(
      200,
      PasskeyChallenge,
      "Makes a challenge for one of your passkeys to prove that it is still you",
    ),
    async (c) => {
      const { services, actor } = c.var;
      return c.json(await challenge(services, proofOf(actor), actor.accountId));
    },
  )
  .post(
    "/proof/passkey",
    may("own-session"),
    body(PasskeyAnswer),
    answers(
      204,
      null,
      "Proves by a passkey that it is still you, for what asks for it in the next five minutes",
    ),
    async (c) => {
      const { services, actor } = c.var;
      handOverSession(c, await stepUpByPasskey(services, actor, c.req.valid("json")));
      return c.body(null, 204);
    },
  )
  .put(
    "/password",
    may("own-session"),
    body(PasswordChange),
    answers(204, null, "Changes your password; your other sessions end"),
    async (c) => {
      const { current, code, next } = c.req.valid("json");
      const me = await readMe(c.var.reader);
      const own = { company: me.company.name, name: me.name ?? "", email: me.email ?? "" };
      refuseGuessable(next, own, "next");
      await prove(c, { password: current, code }, async (use) => {
        const passwordHash = await hashPassword(c.var.services.config, next);
        await changeUnkeyed(c, async (change) => {
          await use(change);
          await changePassword(change, passwordHash);
        });
      });
      return c.body(null, 204);
    },
  )
  .post(
    "/recovery-codes",
    may("own-session"),
    body(FactorProof),
    answers(201, RecoveryCodes, "Makes new recovery codes; the old ones stop working"),
    async (c) => {
      const recoveryCodes = await prove(c, c.req.valid("json"), (use) =>
        changeUnkeyed(c, async (change) => {
          await use(change);
          notify(change, change.actor.accountId!, "recovery-codes-issued");
          return await issueRecoveryCodes(change, change.actor.accountId!);
        }));
      return c.json({ recoveryCodes }, 201);
    },
  )
  .post(
    "/totp/enrolment",
    may("own-session"),
    body(FactorProof),
    answers(200, TotpEnrolment, "Makes a secret for a new authenticator app"),
    // Nothing is changed yet, so the code is not used up: the same one may confirm the change.
    async (c) => {
      const enrolment = await prove(c, c.req.valid("json"), async () => {
        const me = await readMe(c.var.reader);
        return enrolTotp(c.var.services.config, contextOf(c), me.company.name, me.email ?? "");
      });
      return c.json(enrolment);
    },
  )
  .post(
    "/factors/enrolment",
    may("own-session"),
    fresh(),
    answers(
      200,
      TotpEnrolment,
      "Makes a secret for an account that has no password and no authenticator app yet",
    ),
    async (c) => {
      const me = await readMe(c.var.reader);
      return c.json(enrolTotp(c.var.services.config, contextOf(c), me.company.name, me.email ?? ""));
    },
  )
  .post(
    "/factors",
    may("own-session"),
    fresh(),
    body(Factors),
    answers(201, RecoveryCodes, "Adds a password and an authenticator app; your other sessions end"),
    async (c) => {
      const { config } = c.var.services;
      const given = c.req.valid("json");
      const me = await readMe(c.var.reader);
      const own = { company: me.company.name, name: me.name ?? "", email: me.email ?? "" };
      refuseGuessable(given.password, own, "password");
      const totp = confirmTotp(config, contextOf(c), { ...given, path: "code" });
      const passwordHash = await hashPassword(config, given.password);
      const recoveryCodes = await changeUnkeyed(c, (change) => addFactors(change, { passwordHash, totp }));
      return c.json({ recoveryCodes }, 201);
    },
  )
  .put(
    "/totp",
    may("own-session"),
    body(TotpChange),
    answers(204, null, "Changes your authenticator app; your other sessions end"),
    async (c) => {
      const { password, code, ticket, next } = c.req.valid("json");
      const totp = confirmTotp(c.var.services.config, contextOf(c), { ticket, code: next, path: "next" });
      await prove(c, { password, code }, (use) =>
        changeUnkeyed(c, async (change) => {
          await use(change);
          await changeTotp(change, totp);
        }));
      return c.body(null, 204);
    },
  );

/** `/api/sessions`: all of one's own. */
export const sessionsRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("own-session"),
    answers(200, Sessions, "Lists where you are signed in"),
    async (c) => c.json({ items: await ownSessions(c.var.reader) }),
  )
  .delete("/", may("own-session"), answers(204, null, "Signs out everywhere, here included"), async (c) => {
    await c.var.change(async (change) => {
      await endSessions(change, change.actor.accountId!);
    });
    takeBackSession(c);
    return c.body(null, 204);
  })
  .delete(
    "/:id",
    may("own-session"),
    params("session", z.object({ id: Id })),
    answers(204, null, "Ends one of your sessions"),
    async (c) => {
      await c.var.change((change) => endOwnSession(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  );

/** Where a request to sign in comes from. */
export const originOf = (c: Context<AppEnv>): Origin => ({
  client: clientOf(c),
  device: deviceOf(c),
  signedIn: c.var.signedIn,
});

/** Hands the browser its session, and marks it as a device that this person signs in on. */
export async function welcome(c: Context<AppEnv>, session: StartedSession): Promise<Me> {
  handOverSession(c, session);
  const actor = await actorOf(c.var.services, session.token);
  const me = await readMe(new Reader(c.var.services, actor!));
  if (me.email !== null) rememberDevice(c, me.email);
  return me;
}

const contextOf = (c: Context<AppEnv>) => `account/${c.var.actor.accountId}`;

const prove = <T>(
  c: Context<AppEnv>,
  given: { password: string; code: string },
  act: Parameters<typeof proven<T>>[3],
) =>
  proven(
    c.var.services,
    c.var.actor.accountId!,
    (account) => checkFactors(c.var.services, account, given),
    act,
  );

/**
 * A change that takes no notice of an Idempotency-Key: what is kept with one is a fast hash of the body, and these
 * bodies hold passwords. The code, accepted once, sees to it that the change happens once.
 */
const changeUnkeyed = <T>(c: Context<AppEnv>, act: (made: Change) => Promise<T>) =>
  change(c.var.services, c.var.actor, act);
