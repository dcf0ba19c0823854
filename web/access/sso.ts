import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { GoThere, OwnSso, SsoChoice, SsoChoices } from "../../server/access/sso/schema.ts";
import { api, type CallOptions } from "../api.ts";

/** One of the company's identity providers, as people know it. */
export type Provider = z.infer<typeof SsoChoice>;

/** The providers people sign in with. */
export const providersQuery = queryOptions({
  queryKey: ["sso", "choices"],
  queryFn: () => api.get<z.infer<typeof SsoChoices>>("/sso"),
});

/** How the reader is known to them, and what else opens their account. */
export const ownSsoQuery = queryOptions({
  queryKey: ["sso", "own"],
  queryFn: () => api.get<OwnSso>("/sso/own"),
});

/** Where the browser goes for one act at a provider. Rejects with an `ApiProblem` where the provider cannot be asked. */
export async function wayTo(
  { slug }: Provider,
  act: "start" | "invitation" | "connect" | "proof",
  body?: unknown,
  options?: CallOptions,
): Promise<string> {
  return (await api.post<z.infer<typeof GoThere>>(`/sso/${slug}/${act}`, body, options)).location;
}

/** Leaves for a provider's page. Settles only if the reader comes back to this very page, as by the browser's "back". */
export async function leaveFor(address: string): Promise<void> {
  location.assign(address);
  await new Promise((back) => addEventListener("pageshow", back, { once: true }));
}
