import { z } from "zod";
import { Id, line } from "../../platform/schema.ts";
import { roles } from "../rights.ts";

/** What a provider is set up as: the page fills in what is usual for it, and says its trap. */
export const presets = ["entra", "okta", "keycloak", "google", "authentik", "adfs", "other"] as const;

/** Roles that a group can give. A driver's account belongs to a driver, so it is made from the list of drivers. */
export const mappedRoles = ["owner", "admin", "dispatcher", "auditor", "privacy-officer"] as const;

/** A claim by its name, or by a path with dots, such as `realm_access.roles`. */
const ClaimName = line(200);
const unique = (values: readonly string[]) => [...new Set(values)];

const Share = z.object({
  role: z.enum(mappedRoles),
  /** For roles that do not see every site. */
  siteIds: z.array(Id).max(200).default([]),
});
export const GroupMapping = Share.extend({ group: line(200) });
export type GroupMapping = z.infer<typeof GroupMapping>;

export const ProviderSettings = z.object({
  scopes: z.array(z.string().regex(/^[!#-[\]-~]{1,100}$/, { error: "must be a scope (RFC 6749, 3.3)" })).max(
    20,
  )
    .default(["openid", "profile", "email"]).transform((given) => unique(["openid", ...given])),
  /** By which claim people are known for good. */
  subjectClaim: z.enum(["sub", "oid"]).default("sub"),
  groupClaim: ClaimName.nullable().default(null),
  /**
   * Who says who is what: the groups it names at each sign-in, the groups its directory sends (SCIM), or people here.
   */
  rolesFrom: z.enum(["provider", "directory", "here"]).default("provider"),
  mappings: z.array(GroupMapping).max(200).default([]),
  /** What everybody is whom the provider lets in, without any group. */
  everybody: Share.nullable().default(null),
  /** Whether whoever the provider lets in and has a role gets an account at once. */
  justInTime: z.boolean().default(false),
  /** Claims that must have a value, such as Google's `hd`. */
  requires: z.array(z.object({ claim: ClaimName, value: line(200) })).max(10).default([]),
  /** `trusted`: the provider asks everybody for a second factor. `claimed`: it says so each time, in acr or amr. */
  secondFactor: z.enum(["trusted", "claimed"]).default("claimed"),
  acrValues: z.array(line(200)).max(10).default([]),
  amrValues: z.array(line(100)).max(20).default(["mfa"]),
  /**
   * What shows that it is still somebody: that the provider says when they signed in there (`auth_time`), or, for one that
   * never says so, that they have just come back from it.
   */
  proofBy: z.enum(["auth-time", "return"]).default("auth-time"),
  responseMode: z.enum(["query", "form_post"]).default("query"),
  /** Whether signing out here signs out there too. */
  signOutThere: z.boolean().default(true),
});
export type ProviderSettings = z.infer<typeof ProviderSettings>;

/** The issuer as the provider writes it: https, no query, no fragment (OpenID Connect Discovery 1.0, 3). */
const Issuer = line(500).refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username &&
    !url.password;
}, { error: "must be an address such as https://login.example.org/realm, without ? and #" })
  .refine((text) => !/\/(common|organizations|consumers)\//.test(`${text}/`) || !/microsoft/.test(text), {
    error: "must name your own tenant: with common, anybody's Microsoft account would be accepted",
  }).transform((text) => text.replace(/\/\.well-known\/openid-configuration$/, ""));

/** The provider's name in addresses: part of the redirect URI that is registered there. */
export const Slug = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/, {
  error: "must be 2 to 31 small letters, digits and hyphens, beginning with a letter",
});

const fields = {
  name: line(60),
  preset: z.enum(presets).default("other"),
  issuer: Issuer,
  clientId: line(300),
  enabled: z.boolean().default(false),
  settings: ProviderSettings,
};
const ClientSecret = z.string().trim().min(1, "must not be empty").max(1_000);

export const NewProvider = z.object({
  slug: Slug,
  ...fields,
  clientSecret: ClientSecret.nullable().default(null),
});
export type NewProvider = z.infer<typeof NewProvider>;

/** What an operator's file of providers holds: a list, each as the API takes one. */
export const ProviderFile = z.array(NewProvider.strict()).max(20)
  .refine((all) => new Set(all.map(({ slug }) => slug)).size === all.length, {
    error: "must give each provider a slug of its own",
  });
export const ProviderEdit = z.object({
  name: fields.name,
  issuer: Issuer,
  clientId: fields.clientId,
  enabled: z.boolean(),
  settings: ProviderSettings,
  /** Left out: the one there is stays. Null: there is none any more. */
  clientSecret: ClientSecret.nullable(),
}).partial();
export type ProviderEdit = z.infer<typeof ProviderEdit>;

export const Provider = z.object({
  id: Id,
  slug: z.string(),
  name: z.string(),
  preset: z.enum(presets),
  issuer: z.string(),
  clientId: z.string(),
  hasSecret: z.boolean(),
  enabled: z.boolean(),
  settings: ProviderSettings,
  /** `file`: the operator brought it, and it cannot be changed here. */
  source: z.enum(["page", "file"]),
  /** What is registered at the provider. */
  redirectUri: z.string(),
  signedOutUri: z.string(),
  backChannelLogoutUri: z.string(),
  /** When somebody last signed in on trial with it as it is now; null: not yet. */
  triedAt: z.string().nullable(),
  /** How many people have signed in with it. */
  people: z.int(),
  version: z.int(),
});
export type Provider = z.infer<typeof Provider>;
export const Providers = z.object({ items: z.array(Provider) });

/** One thing that was looked at: what, how it came out, and plain facts for whoever has to set it right. */
export const Check = z.object({
  check: z.string(),
  outcome: z.enum(["passed", "failed", "warned", "not-reached"]),
  /** Why it failed; the page has a sentence for each. */
  reason: z.string().nullable(),
  facts: z.record(z.string(), z.string()),
});
export type Check = z.infer<typeof Check>;
export const ProviderReport = z.object({ passed: z.boolean(), checks: z.array(Check) });
export type ProviderReport = z.infer<typeof ProviderReport>;

/** A sign-in on trial: nobody is signed in by it. */
export const Trial = z.object({
  id: Id,
  providerId: Id,
  passed: z.boolean(),
  at: z.string(),
  checks: z.array(Check),
  /** What was received, as JSON; null where nothing came or the person was erased since. */
  claims: z.string().nullable(),
  groups: z.array(z.string()),
  role: z.enum(roles).nullable(),
  siteIds: z.array(Id),
  /** What would become of whoever signed in. */
  account: z.enum(["known", "would-be-made", "none"]).nullable(),
});
export type Trial = z.infer<typeof Trial>;

/** Where the browser goes next. */
export const GoThere = z.object({ location: z.string() });
export const MaybeGoThere = z.object({ location: z.string().nullable() });

/** Where somebody wanted to go, a page of ours. */
export const SsoStart = z.object({
  returnTo: z.string().max(500).regex(/^\/(?![/\\])[^\s\\]*$/, {
    error: "must be a path of this installation",
  })
    .default("/"),
});

export const SsoChoice = z.object({ slug: z.string(), name: z.string() });
export const SsoChoices = z.object({
  items: z.array(SsoChoice),
  /** Whether everybody but drivers signs in by these alone. */
  only: z.boolean(),
});

export const ConnectedProvider = z.object({
  id: Id,
  slug: z.string(),
  name: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
export const OwnSso = z.object({
  /** The provider by which this session began, which can also prove that it is still you. */
  session: SsoChoice.nullable(),
  connected: z.array(ConnectedProvider),
  /** Those that could be connected. */
  others: z.array(SsoChoice),
  /** What else opens the account. */
  hasPassword: z.boolean(),
});
export type OwnSso = z.infer<typeof OwnSso>;
