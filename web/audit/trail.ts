import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { AuditEntry } from "../../server/audit/schema.ts";
import type { Page } from "../../server/platform/schema.ts";
import { api } from "../api.ts";
import type { TrailFilters } from "./filters.ts";
import { instantAt } from "../orders/site_time.ts";

export type { AuditEntry };

const PAGE = 50;

/**
 * The trail, newest first, a page at a time. Every reading is an entry of its own, so it is read when somebody asks and
 * never in the background: its key keeps out of what `live.ts` makes stale.
 */
export const trailQuery = (filters: TrailFilters, timeZone: string) =>
  infiniteQueryOptions({
    queryKey: ["trail", filters, timeZone],
    queryFn: ({ pageParam, signal }) => {
      const { from, to, ...rest } = filters;
      const query = {
        ...rest,
        from: from && instantAt(from, "00:00", timeZone),
        to: to && instantAt(dayAfter(to), "00:00", timeZone),
        limit: PAGE,
        cursor: pageParam,
      };
      return api.get<Page<AuditEntry>>("/audit", { query, signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    staleTime: Infinity,
    gcTime: 0,
  });

/** Every act there is an entry of. */
export const actsQuery = queryOptions({
  queryKey: ["trail", "acts"],
  queryFn: () => api.get<{ items: string[] }>("/audit/acts"),
});

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + 24 * 3_600_000).toISOString().slice(0, 10);
