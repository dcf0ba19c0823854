import { queryOptions } from "@tanstack/react-query";
import type { Site } from "../../server/sites/schema.ts";
import { everyPage } from "../every_page.ts";

/** Every site the reader may see, those out of use included. */
export const sitesQuery = queryOptions({
  queryKey: ["sites"],
  queryFn: () => everyPage<Site>("/sites"),
  staleTime: 5 * 60_000,
});
