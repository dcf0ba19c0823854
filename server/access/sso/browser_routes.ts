import type { Context } from "hono";
import { Hono } from "hono";
import { visitor } from "../../audit/actor.ts";
import { asProblem } from "../../audit/failure.ts";
import { Reader } from "../../audit/reader.ts";
import { recordRefusal } from "../../audit/refusal.ts";
import { change } from "../../audit/change.ts";
import { readUpTo } from "../../platform/http.ts";
import { Problem } from "../../platform/problem.ts";
import { allows, type Role } from "../rights.ts";
import { type AppEnv, open } from "../may.ts";
import { openInvitation } from "../invitation.ts";
import { isFirstUse } from "../once.ts";
import { handOverSession } from "../session.ts";
import { originOf, welcome } from "../session_routes.ts";
import { addressBucket, begin, succeed } from "../throttle.ts";
import { comeBack, type Trip } from "./flow.ts";
import { signOutFromThere } from "./logout.ts";
import { addressesOf, enabledProvider, findProvider, type ProviderRow } from "./provider.ts";
import { SsoRefused } from "./refusal.ts";
import { acceptByProvider, connectProvider, proveByProvider, signInByProvider } from "./sign_in.ts";
import { tryOut } from "./trial.ts";
import { verifyAnswer } from "./verification.ts";

/** A code may be a long one, as AD FS's are; what is longer is no answer. */
const LONGEST_ANSWER = 16 * 1024;

/** `/sso`: where browsers come back to from a provider, and where it says that somebody has signed out there. */
export const ssoBrowserRoutes = new Hono<AppEnv>()
  .get(
    "/:slug/callback",
    open("a provider's answer shows by itself what it is good for"),
    async (c) => c.redirect(await answered(c), 303),
  )
  /**
   * AD FS posts its answer from its own page, and no cookie of ours comes along (SameSite=Lax): so the browser is sent to
   * the same answer by GET, where it does.
   */
  .post("/:slug/callback", open("a provider's answer shows by itself what it is good for"), async (c) => {
    const form = await formOf(c, LONGEST_ANSWER);
    const answer = new URLSearchParams([...form].filter(([name]) => answerParameters.has(name)));
    return c.redirect(`/sso/${encodeURIComponent(c.req.param("slug"))}/callback?${answer}`, 303);
  })
  .post("/:slug/logout", open("a logout token shows by itself who sent it"), async (c) => {
    c.header("Cache-Control", "no-store");
    const form = await formOf(c, 64 * 1024);
    try {
      const provider = await enabledProvider(c.var.reader, c.req.param("slug"));
      await signOutFromThere(c.var.services, provider, form.get("logout_token") ?? "");
      return c.body(null, 200);
    } catch (error) {
      if (!(error instanceof SsoRefused) && !(error instanceof Problem && error.slug === "not-found")) {
        throw error;
      }
      const reason = error instanceof SsoRefused ? error.reason : "not-found";
      await tell(c, c.req.param("slug"), reason, {}, "sso.logout-refused");
      return c.json({ error: "invalid_request" }, 400);
    }
  });

/** RFC 6749, 4.1.2; RFC 9207; OpenID Connect Session Management 1.0. */
const answerParameters = new Set(["code", "state", "iss", "error", "error_description", "session_state"]);

/** Where the browser goes with what came of it: a page of ours, which has a sentence for each refusal. */
async function answered(c: Context<AppEnv>): Promise<string> {
  const slug = c.req.param("slug")!;
  let trip: Trip | null = null;
  try {
    const address = c.var.clientAddress;
    const buckets = address ? [addressBucket(c.var.services, address)] : [];
    await begin(c.var.services, buckets);
    trip = comeBack(c, c.req.query("state"));
    const provider = await findProvider(c.var.reader, trip.provider);
    // Mix-up (RFC 9700, 4.4): what one provider was asked, no other answers.
    if (provider?.slug !== slug) throw new SsoRefused("not-begun-here");
    if (!provider.enabled && trip.purpose.kind !== "trial") throw new SsoRefused("not-begun-here");
    await onlyOnce(c, trip);
    const location = await finish(c, provider, trip);
    await succeed(c.var.services, buckets);
    return location;
  } catch (error) {
    const reason = error instanceof SsoRefused ? error.reason : asProblem(error)?.slug;
    if (reason === undefined) throw error;
    await tell(c, slug, reason, error instanceof SsoRefused ? error.facts : {});
    return refusedAt(trip, slug, reason);
  }
}

/** Does what the trip was for, and says which page comes next. */
async function finish(c: Context<AppEnv>, provider: ProviderRow, trip: Trip): Promise<string> {
  const { services } = c.var;
  const { purpose, maxAge } = trip;
  // The address as the provider knows it; behind the proxy it is another.
  const url = new URL(addressesOf(services.config, provider.slug).redirectUri);
  url.search = new URL(c.req.url).search;
  const { state, nonce, verifier } = trip;
  const verify = () =>
    verifyAnswer(services, provider, url, {
      state,
      nonce,
      verifier,
      ...(maxAge !== undefined && { maxAge }),
    });
  if (purpose.kind === "trial") {
    const actor = sessionOf(c, purpose.session);
    if (!allows(actor.role as Role, "sso.write")) throw new SsoRefused("not-begun-here");
    return `/single-sign-on?trial=${await tryOut(services, provider, actor, verify)}`;
  }
  // Asked before the provider is, so that nobody's answer is spent for nothing.
  const actor = "session" in purpose ? sessionOf(c, purpose.session) : null;
  const verified = await verify();
  switch (purpose.kind) {
    case "sign-in":
      await welcome(c, await signInByProvider(services, provider, verified, originOf(c)));
      return purpose.returnTo;
    case "invitation": {
      const invitation = await openInvitation(new Reader(services, visitor("invitation")), purpose.token);
      await welcome(c, await acceptByProvider(services, provider, verified, invitation, originOf(c)));
      return "/";
    }
    case "proof":
      handOverSession(c, await proveByProvider(services, provider, verified, actor!));
      return "/proof";
    case "connect":
      await connectProvider(services, provider, verified, actor!);
      return `/account?connected=${provider.slug}`;
  }
}

/** Who set out: the browser must still be signed in as them. @throws SsoRefused not-begun-here */
function sessionOf(c: Context<AppEnv>, session: string) {
  const actor = c.var.signedIn;
  if (actor?.sessionId !== session) throw new SsoRefused("not-begun-here");
  return actor;
}

/** An answer counts once, whatever becomes of it. @throws SsoRefused used-before */
async function onlyOnce(c: Context<AppEnv>, { state }: Trip): Promise<void> {
  const isFirst = await change(c.var.services, visitor("single sign-on"), async (made) => {
    made.unchanged();
    return await isFirstUse(made, `single sign-on/${state}`);
  });
  if (!isFirst) throw new SsoRefused("used-before");
}

function refusedAt(trip: Trip | null, slug: string, reason: string): string {
  const told = new URLSearchParams({ refused: reason, by: slug });
  switch (trip?.purpose.kind) {
    case "connect":
      return `/account?${told}`;
    case "proof":
      return `/proof?${told}`;
    case "trial":
      return `/single-sign-on?${told}`;
    default:
      return `/sign-in?${told}`;
  }
}

async function tell(
  c: Context<AppEnv>,
  slug: string,
  reason: string,
  facts: Record<string, string>,
  act = "sso.refused",
): Promise<void> {
  const provider = /^[a-z0-9-]{1,40}$/.test(slug) ? slug : "unknown";
  c.var.log.warn({ provider, reason, ...facts }, "single sign-on was refused");
  const entry = { act, detail: { by: provider, reason, ...facts } };
  try {
    const actor = c.var.signedIn ?? visitor("single sign-on");
    await recordRefusal(c.var.services, actor, entry, `${provider} ${reason}`);
  } catch (error) {
    // Mostly the very reason: the person is still told where they can go on.
    c.var.log.error({ err: error }, "a refusal could not be recorded");
  }
}

/** What a form holds. @throws Problem too-large, too-slow */
const formOf = async (c: Context<AppEnv>, most: number): Promise<URLSearchParams> =>
  new URLSearchParams(new TextDecoder().decode(await readUpTo(c, most)));
