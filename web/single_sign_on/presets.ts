import type { Provider, ProviderSettings } from "../../server/access/sso/schema.ts";

export type Preset = Provider["preset"];

/** What is usual for a kind of provider. */
interface PresetFacts {
  slug: string;
  /** As the people who sign in know it. */
  name: string;
  /** How its issuers look. */
  issuerPattern: string;
  /** Where there is one only. */
  issuer?: string;
  settings: Partial<ProviderSettings>;
}

/** Kinds of providers, in the order they are offered. */
export const presets: Record<Preset, PresetFacts> = {
  entra: {
    slug: "microsoft",
    name: "Microsoft",
    issuerPattern: "https://login.microsoftonline.com/<tenant-id>/v2.0",
    // App roles, since groups come as ids and from 200 on not at all; and no claim says how somebody signed in.
    settings: { subjectClaim: "oid", groupClaim: "roles", secondFactor: "trusted" },
  },
  okta: {
    slug: "okta",
    name: "Okta",
    issuerPattern: "https://<domain>.okta.com",
    settings: { scopes: ["openid", "profile", "email", "groups"] },
  },
  keycloak: {
    slug: "keycloak",
    name: "Keycloak",
    issuerPattern: "https://<host>/realms/<realm>",
    settings: {},
  },
  google: {
    slug: "google",
    name: "Google",
    issuerPattern: "https://accounts.google.com",
    issuer: "https://accounts.google.com",
    settings: {
      groupClaim: null,
      everybody: { role: "dispatcher", siteIds: [] },
      requires: [{ claim: "hd", value: "" }],
      // Everybody of the company would have an account.
      justInTime: false,
      secondFactor: "trusted",
      // It never says when somebody signed in there.
      proofBy: "return",
      signOutThere: false,
    },
  },
  authentik: {
    slug: "authentik",
    name: "authentik",
    issuerPattern: "https://<host>/application/o/<app-slug>/",
    settings: {},
  },
  adfs: {
    slug: "adfs",
    name: "AD FS",
    issuerPattern: "https://<host>/adfs",
    settings: {
      scopes: ["openid", "profile", "email", "allatclaims"],
      groupClaim: "group",
      secondFactor: "trusted",
      responseMode: "form_post",
    },
  },
  other: {
    slug: "company",
    name: "Company account",
    issuerPattern: "https://login.example.org",
    settings: {},
  },
};
