import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import type { Account, SignInPolicy } from "../../server/access/schema.ts";
import type { Directory } from "../../server/access/directory/schema.ts";
import type { Provider, Providers, Trial } from "../../server/access/sso/schema.ts";
import { api } from "../api.ts";
import { everyPage } from "../every_page.ts";

/** How the company's identity providers are set up. */
export const providersQuery = queryOptions({
  queryKey: ["sso", "providers"],
  queryFn: async (): Promise<Provider[]> =>
    (await api.get<z.infer<typeof Providers>>("/sso/providers")).items,
});

/** What came of a sign-in on trial: of the reader's own, and of the last only. */
export const trialQuery = (id: string) =>
  queryOptions({
    queryKey: ["sso", "trials", id],
    queryFn: () => api.get<Trial>(`/sso/trials/${id}`),
    staleTime: Infinity,
  });

/** What a provider's directory has sent. */
export const directoryQuery = (id: string) =>
  queryOptions({
    queryKey: ["sso", "directory", id],
    queryFn: () => api.get<Directory>(`/sso/providers/${id}/directory`),
  });

/** By which ways people may sign in. */
export const policyQuery = queryOptions({
  queryKey: ["sso", "policy"],
  queryFn: () => api.get<SignInPolicy>("/sign-in-policy"),
});

/** Every account: who keeps one for emergencies. */
export const accountsQuery = queryOptions({
  queryKey: ["accounts", "every"],
  queryFn: () => everyPage<Account>("/accounts"),
});
