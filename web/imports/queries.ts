import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Import, ImportPreview } from "../../server/deliveries/import/schema.ts";
import type { Page } from "../../server/platform/schema.ts";
import { api } from "../api.ts";

/** While the worker is at it, the page asks this often. */
const EVERY_MS = 500;

/** All imports of the reader's sites, newest first, a page at a time. */
export const importsQuery = infiniteQueryOptions({
  queryKey: ["imports", "list"],
  queryFn: ({ pageParam }) => api.get<Page<Import>>("/imports", { query: { cursor: pageParam, limit: 20 } }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

/** One import, followed until it ends. */
export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ["imports", "one", id],
    queryFn: () => api.get<Import>(`/imports/${id}`),
    refetchInterval: ({ state }) => state.data && isUnderWay(state.data) ? EVERY_MS : false,
  });

/** What an uploaded file would import; changes only by what this page does. */
export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: ["import-previews", id],
    queryFn: () => api.get<ImportPreview>(`/imports/${id}/preview`),
    staleTime: Infinity,
  });

export const isUnderWay = ({ state }: Pick<Import, "state">): boolean =>
  state === "waiting" || state === "running";
