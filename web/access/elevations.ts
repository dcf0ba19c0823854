import { queryOptions } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Elevation } from "../../server/access/schema.ts";
import { api } from "../api.ts";

/** Nobody tells a page that its reader's request was decided on, so it asks while one waits. Milliseconds. */
const ASK_AGAIN_MS = 5_000;

/** Who has, had or asked for another role for a time, the newest first. Accounts change with it, so it goes stale too. */
export const elevationsQuery = queryOptions({
  queryKey: ["accounts", "elevations"],
  queryFn: async () => (await api.get<{ items: Elevation[] }>("/elevations")).items,
  refetchInterval: ({ state }) =>
    state.data?.some(({ state }) => state === "requested") ? ASK_AGAIN_MS : false,
});

/** A length of time in words: "45 minutes", "2 hours". */
export function useMinutes(): (minutes: number) => string {
  const { t } = useTranslation("access");
  return (minutes) =>
    minutes % 60 === 0
      ? t("elevation.hoursChoice", { count: minutes / 60 })
      : t("elevation.minutesChoice", { count: minutes });
}
