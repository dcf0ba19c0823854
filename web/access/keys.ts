import { queryOptions } from "@tanstack/react-query";
import type { ApiKey } from "../../server/access/schema.ts";
import { api } from "../api.ts";

/** The company's API keys. Each is an account, so what live updates tell of accounts makes this stale too. */
export const keysQuery = queryOptions({
  queryKey: ["accounts", "keys"],
  queryFn: async () => (await api.get<{ items: ApiKey[] }>("/keys")).items,
});
