import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { ApiProblem } from "../api.ts";
import type { OrderFilters } from "./board_filters.ts";
import { ordersQuery } from "./queries.ts";

/** "All" stops here: more than a dispatcher can mean, and less than a browser minds. */
const MOST_SELECTED = 5_000;

/** The orders that fit, as far as they have been read. */
export function useOrderRows(filters: OrderFilters) {
  const query = useInfiniteQuery(ordersQuery(filters));
  const { data, isPlaceholderData, hasNextPage, isFetching, fetchNextPage } = query;
  const rows = useMemo(() => onceEach(data?.pages.flatMap(({ items }) => items) ?? []), [data]);

  // While another list is on its way, the rows shown are still the ones before.
  const shown = useRef("");
  if (!isPlaceholderData) shown.current = JSON.stringify(filters);

  const readOn = useCallback(() => {
    if (hasNextPage && !isFetching && !isPlaceholderData) void fetchNextPage();
  }, [hasNextPage, isFetching, isPlaceholderData, fetchNextPage]);
  const readAll = async (): Promise<string[]> => {
    let pages = data?.pages ?? [];
    let more = hasNextPage;
    while (more && pages.reduce((sum, { items }) => sum + items.length, 0) < MOST_SELECTED) {
      const next = await fetchNextPage();
      pages = next.data?.pages ?? pages;
      more = next.hasNextPage && !next.isError;
    }
    return onceEach(pages.flatMap(({ items }) => items)).map(({ id }) => id);
  };
  return {
    rows,
    list: shown.current,
    isPending: query.isPending,
    /** Rows of the list before, shown until the new ones are here. */
    isStale: isPlaceholderData,
    isWhole: !hasNextPage && !isPlaceholderData,
    problem: query.error as unknown,
    triesAgain: query.error instanceof ApiProblem && query.error.status === 503,
    readAt: query.dataUpdatedAt,
    readOn,
    readAll,
    retry: () => void query.refetch(),
  };
}

/** An order that moved between two pages while they were read is in both. */
function onceEach(rows: Delivery[]): Delivery[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
