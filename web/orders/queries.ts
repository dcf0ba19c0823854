import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Delivery, DeliveryDetail, Summary, SummaryQuery } from "../../server/deliveries/schema.ts";
import type { Page } from "../../server/platform/schema.ts";
import { api, ApiProblem } from "../api.ts";
import type { OrderFilters } from "./board_filters.ts";

/** What a screen shows at first, and what is read ahead while somebody scrolls. */
const FIRST_PAGE = 50;
const PAGE = 100;

/** The orders that fit, a page at a time. */
export const ordersQuery = (filters: OrderFilters) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", "list", filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Delivery>>("/deliveries", {
        query: { ...filters, limit: pageParam === null ? FIRST_PAGE : PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => untilNextTry(state.error),
  });

/** How a day stands, by state and by driver. */
export const summaryQuery = (filters: SummaryQuery) =>
  queryOptions({
    queryKey: ["deliveries", "summary", filters],
    queryFn: ({ signal }) => api.get<Summary>("/deliveries/summary", { query: { ...filters }, signal }),
    placeholderData: keepPreviousData,
  });

/** One order with its steps and proofs. */
export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ["deliveries", "one", id],
    queryFn: ({ signal }) => api.get<DeliveryDetail>(`/deliveries/${id}`, { signal }),
    refetchInterval: ({ state }) => untilNextTry(state.error),
  });

/** What is unavailable for a moment (503) is asked for again by itself. Milliseconds, or false. */
function untilNextTry(problem: unknown): number | false {
  if (!(problem instanceof ApiProblem) || problem.status !== 503) return false;
  return Math.min(Math.max(problem.retryAfter ?? 5, 3), 30) * 1000;
}
