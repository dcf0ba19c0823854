import type { DeliveryQuery, State } from "../../server/deliveries/schema.ts";

/** What the board shows, as its address says it. What is left out has its usual value: today, every state, … */
export interface BoardFilters {
  /** A calendar day `2026-11-23`, or `all`. */
  day?: string;
  site?: string;
  /** States, separated by commas. */
  state?: string;
  /** A driver's id, or `none`. */
  driver?: string;
  q?: string;
}

/** What of the filters the server is asked for. */
export type OrderFilters = Omit<Partial<DeliveryQuery>, "cursor" | "limit" | "sort">;

/** Reads the address; what makes no sense there is left out. */
export function readFilters(address: Record<string, unknown>): BoardFilters {
  const text = (name: keyof BoardFilters, fits: RegExp) => {
    // The router reads `q=1001` as a number.
    const value = String(address[name] ?? "");
    return fits.test(value) ? { [name]: value } : {};
  };
  return {
    ...text("day", /^(all|\d{4}-\d\d-\d\d)$/),
    ...text("site", /^[0-9a-f-]{36}$/),
    ...text("state", /^[a-z-]+(,[a-z-]+)*$/),
    ...text("driver", /^(none|[0-9a-f-]{36})$/),
    ...text("q", /^.{1,200}$/),
  };
}

/** The states asked for; an empty list means every one. */
export const statesOf = ({ state }: BoardFilters): State[] => (state?.split(",") ?? []) as State[];

/** A search looks at every day: whoever asks for an order by name rarely knows its day. */
export function orderFilters(filters: BoardFilters, today: string): OrderFilters {
  const { day = today, site, driver, q } = filters;
  const states = statesOf(filters);
  return {
    ...(q === undefined && day !== "all" && { day }),
    ...(site !== undefined && { site }),
    ...(states.length > 0 && { state: states }),
    ...(driver !== undefined && { driver }),
    ...(q !== undefined && { q }),
  };
}

/** The day before or after, as calendar days. */
export function dayAfter(day: string, days: number): string {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
}
