import { queryOptions } from "@tanstack/react-query";
import { api } from "../api.ts";
import type { Stop } from "./stop.ts";

/** The signed-in driver's stops of today, where their site is. */
export const stopsQuery = queryOptions({
  queryKey: ["deliveries", "stops"],
  queryFn: () => api.get<{ day: string; items: Stop[] }>("/driver/stops"),
});
