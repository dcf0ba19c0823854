import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Driver } from "../../server/drivers/schema.ts";
import type { Site } from "../../server/sites/schema.ts";
import { driversQuery } from "../drivers/queries.ts";
import { useCan, useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";

/** The sites and drivers an order can belong to, by id. */
export interface Places {
  sites: ReadonlyMap<string, Site>;
  drivers: ReadonlyMap<string, Driver>;
  /** The time zone to read an order's times in. */
  timeZoneOf: (siteId: string | undefined) => string;
}

/** Sites and drivers; maps that are still empty while they load. */
export function usePlaces(): Places {
  const { company } = useMe();
  const sites = useQuery(sitesQuery).data;
  const drivers = useQuery({ ...driversQuery, enabled: useCan("drivers.read") }).data;
  return useMemo(() => {
    const siteById = new Map(sites?.map((site) => [site.id, site]));
    return {
      sites: siteById,
      drivers: new Map(drivers?.map((driver) => [driver.id, driver])),
      timeZoneOf: (siteId) => siteById.get(siteId ?? "")?.timeZone ?? company.timeZone,
    };
  }, [sites, drivers, company.timeZone]);
}
