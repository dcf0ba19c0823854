import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { Right, Role } from "../server/access/rights.ts";
import type { Me } from "../server/access/schema.ts";
import { api } from "./api.ts";

/** Who is signed in; rejects with the problem `sign-in-needed` when nobody is. */
export const meQuery = queryOptions({
  queryKey: ["session", "me"],
  queryFn: () => api.get<Me>("/session"),
  staleTime: 5 * 60_000,
});

/** Who is signed in. Only for pages behind the sign-in, where the route has loaded it already. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** Whether the signed-in person has `right`; false for a visitor who is not signed in. */
export function useCan(right: Right): boolean {
  const { data } = useQuery({ ...meQuery, enabled: false });
  return data?.rights.includes(right) ?? false;
}

/** Where a working day starts for each role. */
export const landing: Record<Role, "/" | "/driver" | "/audit" | "/people"> = {
  owner: "/",
  dispatcher: "/",
  admin: "/people",
  driver: "/driver",
  auditor: "/audit",
  "privacy-officer": "/",
  integration: "/",
};
