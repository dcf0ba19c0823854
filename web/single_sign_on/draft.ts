import type { z } from "zod";
import type {
  GroupMapping,
  NewProvider,
  Provider,
  ProviderEdit,
  ProviderSettings,
} from "../../server/access/sso/schema.ts";
import { type Preset, presets } from "./presets.ts";

export type MappedRole = z.infer<typeof GroupMapping>["role"];

/** A provider as it is being typed. */
export interface Draft {
  preset: Preset;
  slug: string;
  name: string;
  issuer: string;
  clientId: string;
  /** Empty: the one that is kept, or none. */
  clientSecret: string;
  settings: ProviderSettings;
}

/** What holds for a provider of which nothing special is known. */
const usual: ProviderSettings = {
  scopes: ["openid", "profile", "email"],
  subjectClaim: "sub",
  groupClaim: "groups",
  rolesFrom: "provider",
  proofBy: "auth-time",
  mappings: [],
  everybody: null,
  justInTime: true,
  requires: [],
  secondFactor: "claimed",
  acrValues: [],
  amrValues: ["mfa"],
  responseMode: "query",
  signOutThere: true,
};

/** A new provider, with what is usual for its kind; its slug is none of those `taken`. */
export function newDraft(preset: Preset, taken: readonly string[]): Draft {
  const { slug, name, issuer = "", settings } = presets[preset];
  const slugs = [slug, ...taken.map((_, index) => `${slug}-${index + 2}`)];
  return {
    preset,
    slug: slugs.find((slug) => !taken.includes(slug))!,
    name,
    issuer,
    clientId: "",
    clientSecret: "",
    settings: { ...usual, ...settings },
  };
}

/** A provider as it is, to be changed; with a group that is to be mapped, if it is not yet. */
export function draftOf({ settings, ...provider }: Provider, group?: string): Draft {
  const isMapped = group === undefined || settings.mappings.some((mapping) => mapping.group === group);
  return {
    ...provider,
    clientSecret: "",
    settings: isMapped ? settings : { ...settings, mappings: [...settings.mappings, emptyMapping(group)] },
  };
}

export const emptyMapping = (group = ""): z.infer<typeof GroupMapping> => ({
  group,
  role: "dispatcher",
  siteIds: [],
});

/** What is sent to set it up. */
export const toBeMade = ({ clientSecret, ...draft }: Draft): z.infer<typeof NewProvider> => ({
  ...draft,
  enabled: false,
  clientSecret: clientSecret === "" ? null : clientSecret,
});

/** What is sent to change it. */
export const toBeChanged = (draft: Draft): z.infer<typeof ProviderEdit> => ({
  name: draft.name,
  issuer: draft.issuer,
  clientId: draft.clientId,
  settings: draft.settings,
  ...(draft.clientSecret !== "" && { clientSecret: draft.clientSecret }),
});
