import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { BackupRun, BackupsOverview, RunKind } from "../../server/backups/schema.ts";
import type { Page } from "../../server/platform/schema.ts";
import { api } from "../api.ts";
import { everyPage } from "../every_page.ts";

/** How often the page asks: while something is under way, and otherwise. */
const EVERY_MS = { busy: 2_000, idle: 10_000 };
const DAY_MS = 24 * 3_600_000;

/** How many days the picture shows. */
export const SHOWN_DAYS = 35;

/** How the backups stand. The service reports every few seconds, and not by the trail, so it is asked for. */
export const overviewQuery = queryOptions({
  queryKey: ["backups", "overview"],
  queryFn: () => api.get<BackupsOverview>("/backups"),
  refetchInterval: ({ state: { data } }) =>
    data && (data.state?.running || data.waiting.length > 0) ? EVERY_MS.busy : EVERY_MS.idle,
});

/** What the picture shows: backups and drills of the last weeks. */
export const timelineQuery = queryOptions({
  queryKey: ["backups", "timeline"],
  queryFn: () =>
    everyPage<BackupRun>("/backups/runs", {
      kind: "full,diff,drill,offsite-drill",
      from: new Date(Date.now() - SHOWN_DAYS * DAY_MS).toISOString(),
    }),
});

/** The last drill, whether it went well or not. */
export const lastDrillQuery = queryOptions({
  queryKey: ["backups", "last-drill"],
  queryFn: async () => {
    const { items } = await api.get<Page<BackupRun>>("/backups/runs", { query: { kind: "drill", limit: 2 } });
    return items.find(({ endedAt }) => endedAt !== null) ?? null;
  },
});

/** All runs, or those of some kinds, the newest first. */
export const historyQuery = (kinds: RunKind[] | null) =>
  infiniteQueryOptions({
    queryKey: ["backups", "history", kinds],
    queryFn: ({ pageParam }) =>
      api.get<Page<BackupRun>>("/backups/runs", {
        query: { kind: kinds?.join(","), limit: 15, cursor: pageParam },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
