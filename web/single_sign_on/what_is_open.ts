import { type Preset, presets } from "./presets.ts";

/** What of the page is open, as it stands in the address. */
export interface WhatIsOpen {
  /** A provider is being added: which kind of it is chosen, or this one. */
  add?: "choose" | Preset;
  /** The id of the provider whose settings are open, and a group that is to be mapped there. */
  provider?: string;
  group?: string;
  /** The id of a sign-in on trial that is reported; the provider's answer leads here. */
  trial?: string;
  /** Why a trial came to nothing before there was anything to report, and the provider's name in addresses. */
  refused?: string;
  by?: string;
}

const names = [
  "provider",
  "group",
  "trial",
  "refused",
  "by",
] as const satisfies readonly (keyof WhatIsOpen)[];

/** Reads an address; what is none of these, or no text, is left out. */
export function readWhatIsOpen({ add, ...search }: Record<string, unknown>): WhatIsOpen {
  const texts = names.flatMap((name) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? [[name, value]] : [];
  });
  return { ...(isAdded(add) && { add }), ...Object.fromEntries(texts) };
}

const isAdded = (add: unknown): add is "choose" | Preset =>
  add === "choose" || (typeof add === "string" && Object.hasOwn(presets, add));
