import { z } from "zod";
import { Country, Email, Id, line, pageOf, paging, TimeZone } from "../platform/schema.ts";
import { SiteFields } from "../sites/schema.ts";
import { keyRights, rights, roles } from "./rights.ts";

/** A new password: length only, no composition rules (NIST SP 800-63B-4, 3.1.1.2; a second factor is always on). */
export const NewPassword = z.string().min(8, "must have at least 8 characters").max(256)
  .refine((text) => text.isWellFormed(), { error: "must be text" });

/** Six digits from an authenticator app, or a recovery code. */
export const Code = z.string().trim().min(6).max(40);

/** A TOTP secret to be scanned: `ticket` hands it back, sealed, so that nobody but the server can choose it. */
export const TotpEnrolment = z.object({
  secret: z.string(),
  uri: z.string(),
  ticket: z.string(),
});
export type TotpEnrolment = z.infer<typeof TotpEnrolment>;

export const Factors = z.object({
  password: NewPassword,
  ticket: z.string().max(1000),
  code: z.string().trim().regex(/^\d{6}$/, { error: "must be the six digits your app shows" }),
});
export type Factors = z.infer<typeof Factors>;

/** Who is about to set up: the address an authenticator app will show beside the codes. */
export const SetupTotp = z.object({ email: Email });

export const SetupState = z.object({ needed: z.boolean() });

/** The first owner's set-up. The set-up token travels in the header `Authorization: Setup TOKEN`. */
export const Setup = z.object({
  company: z.object({ name: line(120), timeZone: TimeZone, holidays: Country }),
  owner: z.object({ name: line(120), email: Email }).extend(Factors.shape),
  site: SiteFields,
});
export type Setup = z.infer<typeof Setup>;

/** Shown once, never again. */
export const RecoveryCodes = z.object({ recoveryCodes: z.array(z.string()) });

export const SignIn = z.object({
  email: z.string().trim().max(254),
  password: z.string().max(256),
  code: Code,
});
export type SignIn = z.infer<typeof SignIn>;

/** Who is signed in, and what the screen may offer. */
export const Me = z.object({
  sessionId: Id,
  accountId: Id,
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(roles),
  rights: z.array(z.enum(rights)),
  /** Null: every site. */
  siteIds: z.array(Id).nullable(),
  driverId: Id.nullable(),
  recoveryCodesLeft: z.int(),
  company: z.object({ name: z.string(), timeZone: z.string(), holidays: z.string() }),
  /** The role somebody has for a time, which `role` then is, and their own. */
  elevation: z.object({ id: Id, ownRole: z.enum(roles), endsAt: z.string() }).nullable(),
  /** Where live updates have to begin (`/api/live?after=`) so that whatever is read from now on stays true. */
  liveFrom: z.string(),
});
export type Me = z.infer<typeof Me>;

export const Session = z.object({
  id: Id,
  current: z.boolean(),
  device: z.string(),
  address: z.string().nullable(),
  signedInAt: z.string(),
  lastUsedAt: z.string(),
  expiresAt: z.string(),
});
export type Session = z.infer<typeof Session>;
export const Sessions = z.object({ items: z.array(Session) });

export const PasswordChange = z.object({ current: z.string().max(256), code: Code, next: NewPassword });
export const FactorProof = z.object({ password: z.string().max(256), code: Code });
/** Bytes as WebAuthn's JSON has them. */
const base64url = (most: number) => z.string().max(most).regex(/^[\w-]+$/, { error: "must be base64url" });
const credential = {
  id: base64url(1400),
  rawId: base64url(1400),
  type: z.literal("public-key"),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
};
/** What the browser is handed, as WebAuthn Level 3 writes it in JSON (5.1.8, 5.1.9), and what brings it back. */
const toAnswer = z.object({ options: z.looseObject({ challenge: z.string() }), ticket: z.string() });
const Ticket = z.string().max(1000);

export const PasskeyEnrolment = toAnswer;
export type PasskeyEnrolment = z.infer<typeof PasskeyEnrolment>;
export const PasskeyChallenge = toAnswer;
export type PasskeyChallenge = z.infer<typeof PasskeyChallenge>;

/** A passkey just made; `response` as the browser's `toJSON()` gives it. */
export const NewPasskey = z.object({
  ticket: Ticket,
  name: line(60),
  response: z.object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(8_000),
      attestationObject: base64url(60_000),
      transports: z.array(z.string().max(30)).max(10).optional(),
    }),
  }),
});
export type NewPasskey = z.infer<typeof NewPasskey>;

/** A passkey's answer to a challenge; `response` as the browser's `toJSON()` gives it. */
export const PasskeyAnswer = z.object({
  ticket: Ticket,
  response: z.object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(8_000),
      authenticatorData: base64url(8_000),
      signature: base64url(8_000),
      userHandle: base64url(200).nullish().transform((handle) => handle ?? undefined),
    }),
  }),
});
export type PasskeyAnswer = z.infer<typeof PasskeyAnswer>;

export const PasskeyEdit = z.object({ name: line(60) });
export const Passkey = z.object({
  id: Id,
  /** What its owner calls it; null once they are erased. */
  name: z.string().nullable(),
  /** The name of the installation it works at. */
  host: z.string(),
  /** Whether its owner's devices share it. */
  synced: z.boolean(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
export type Passkey = z.infer<typeof Passkey>;
export const Passkeys = z.object({ items: z.array(Passkey) });

/** Roles that somebody can have for a time. */
export const elevatedRoles = ["owner", "admin", "dispatcher", "auditor", "privacy-officer"] as const;
export const NewElevation = z.object({
  role: z.enum(elevatedRoles),
  /** For how long, from the moment it is granted. */
  minutes: z.int().min(15).max(480),
  reason: line(500),
});
export type NewElevation = z.infer<typeof NewElevation>;
export const ElevationDecision = z.object({ granted: z.boolean() });
export const Elevation = z.object({
  id: Id,
  accountId: Id,
  /** Null once the person is erased, as the reason is. */
  name: z.string().nullable(),
  ownRole: z.enum(roles),
  role: z.enum(roles),
  minutes: z.int(),
  reason: z.string().nullable(),
  requestedAt: z.string(),
  decidedBy: Id.nullable(),
  endsAt: z.string().nullable(),
  state: z.enum(["requested", "withdrawn", "lapsed", "refused", "active", "over"]),
});
export type Elevation = z.infer<typeof Elevation>;
export const Elevations = z.object({ items: z.array(Elevation) });

const MOST_KEY_DAYS = 366;
export const NewApiKey = z.object({
  /** What it is for, such as "Web shop". */
  name: line(60),
  rights: z.array(z.enum(keyRights)).min(1, "must name a right at least").max(keyRights.length),
  siteIds: z.array(Id).min(1, "must name a site at least").max(200),
  /** How long it is good. */
  days: z.int().min(1).max(MOST_KEY_DAYS),
  /** How often it may be used in a minute. */
  perMinute: z.int().min(1).max(6_000).default(600),
});
export type NewApiKey = z.infer<typeof NewApiKey>;
export const ApiKey = z.object({
  id: Id,
  name: z.string().nullable(),
  /** How its token begins. */
  start: z.string(),
  rights: z.array(z.enum(keyRights)),
  siteIds: z.array(Id),
  perMinute: z.int(),
  createdAt: z.string(),
  createdBy: Id.nullable(),
  expiresAt: z.string(),
  /** To the minute. */
  lastUsedAt: z.string().nullable(),
  state: z.enum(["active", "expired", "ended"]),
});
export type ApiKey = z.infer<typeof ApiKey>;
export const ApiKeys = z.object({ items: z.array(ApiKey) });
/** Shown once, never again. */
export const ShownApiKey = z.object({ key: ApiKey, token: z.string() });

/** A code of the authenticator app, or a recovery code. */
export const FreshProof = z.object({ code: Code });
export const TotpChange = z.object({
  password: z.string().max(256),
  code: Code,
  ticket: z.string().max(1000),
  next: z.string().trim().regex(/^\d{6}$/),
});

export const NewAccount = z.object({
  name: line(120),
  email: Email,
  role: z.enum(roles).exclude(["integration"]),
  siteIds: z.array(Id).max(200).default([]),
  /** For the role driver: the driver this account belongs to. */
  driverId: Id.nullable().default(null),
});
export type NewAccount = z.infer<typeof NewAccount>;

export const AccountEdit = z.object({
  name: line(120),
  role: z.enum(roles).exclude(["integration"]),
  siteIds: z.array(Id).max(200),
  disabled: z.boolean(),
  /** Whether its password opens it even where the policy asks for single sign-on. */
  breakGlass: z.boolean(),
}).partial();
export type AccountEdit = z.infer<typeof AccountEdit>;

/** An account kept for the day the provider fails is no use if nobody has tried it for so long. */
export const BREAK_GLASS_DAYS = 90;

/** Roles that people have. */
const PersonRole = z.enum(roles).exclude(["integration"]);
const SomeRoles = z.array(PersonRole).max(roles.length).transform((given) => [...new Set(given)]);
export const SignInPolicy = z.object({
  /** Whose password and passkeys open nothing: they come by single sign-on. */
  ssoOnlyRoles: z.array(z.enum(roles)),
  /** Whose password and code open nothing: they have a passkey. */
  passkeyRoles: z.array(z.enum(roles)),
  version: z.int(),
});
export type SignInPolicy = z.infer<typeof SignInPolicy>;
export const SignInPolicyEdit = z.object({ ssoOnlyRoles: SomeRoles, passkeyRoles: SomeRoles }).partial();
export type SignInPolicyEdit = z.infer<typeof SignInPolicyEdit>;

export const Account = z.object({
  id: Id,
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(roles),
  siteIds: z.array(Id),
  driverId: Id.nullable(),
  state: z.enum(["invited", "invitation-expired", "active", "disabled"]),
  /** Who has asked for a new start for this account within the last day; a second one has to ask as well. */
  recoveryAskedBy: Id.nullable(),
  breakGlass: z.boolean(),
  breakGlassTestedAt: z.string().nullable(),
  lastSignInAt: z.string().nullable(),
  version: z.int(),
});
export type Account = z.infer<typeof Account>;
export const AccountPage = pageOf(Account);
export const AccountQuery = z.object(paging(200));
export type AccountQuery = z.infer<typeof AccountQuery>;

/** An invitation link, shown once to whoever invites; the token is in the fragment, so that no log ever holds it. */
export const Invitation = z.object({ link: z.url(), expiresAt: z.string() });
export const InvitedAccount = z.object({ account: Account, invitation: Invitation });
export type InvitedAccount = z.infer<typeof InvitedAccount>;
/** Without an invitation while a second one has yet to ask for it. */
export const RenewedInvitation = z.object({ account: Account, invitation: Invitation.nullable() });
export type RenewedInvitation = z.infer<typeof RenewedInvitation>;

/** What an invited person sees before choosing a password. Token in `Authorization: Invitation TOKEN`. */
export const InvitationView = z.object({
  companyName: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(roles),
  expiresAt: z.string(),
});
export type InvitationView = z.infer<typeof InvitationView>;
