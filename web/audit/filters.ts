/** What narrows the trail, as it stands in the address. Days are the company's. */
export interface TrailFilters {
  /** An act, or everything about a noun: `delivery.assigned`, `delivery.`. */
  act?: string;
  actor?: string;
  thing?: string;
  from?: string;
  to?: string;
}

const names = ["act", "actor", "thing", "from", "to"] as const satisfies readonly (keyof TrailFilters)[];

/** Reads the filters from an address; what is none of them, or no text, is left out. */
export function readTrailFilters(search: Record<string, unknown>): TrailFilters {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      return typeof value === "string" && value !== "" ? [[name, value]] : [];
    }),
  );
}
