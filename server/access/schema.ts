import { z } from "zod";
import { Country, Email, Id, line, pageOf, paging, TimeZone } from "../platform/schema.ts";
import { SiteFields } from "../sites/schema.ts";
import { rights, roles } from "./rights.ts";

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
}).partial();
export type AccountEdit = z.infer<typeof AccountEdit>;

export const Account = z.object({
  id: Id,
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(roles),
  siteIds: z.array(Id),
  driverId: Id.nullable(),
  state: z.enum(["invited", "invitation-expired", "active", "disabled"]),
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

/** What an invited person sees before choosing a password. Token in `Authorization: Invitation TOKEN`. */
export const InvitationView = z.object({
  companyName: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(roles),
  expiresAt: z.string(),
});
export type InvitationView = z.infer<typeof InvitationView>;
