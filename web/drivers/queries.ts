import { queryOptions } from "@tanstack/react-query";
import type { Driver, Vehicle } from "../../server/drivers/schema.ts";
import { everyPage } from "../every_page.ts";

/** Every driver of the reader's sites, those out of use included. */
export const driversQuery = queryOptions({
  queryKey: ["drivers"],
  queryFn: () => everyPage<Driver>("/drivers"),
  staleTime: 5 * 60_000,
});

/** Every vehicle of the reader's sites, those out of use included. */
export const vehiclesQuery = queryOptions({
  queryKey: ["vehicles"],
  queryFn: () => everyPage<Vehicle>("/vehicles"),
  staleTime: 5 * 60_000,
});
