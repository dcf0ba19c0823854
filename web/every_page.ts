import type { Page } from "../server/platform/schema.ts";
import { api, type Query } from "./api.ts";

/** Reads a paged list to its end. For lists a company counts in dozens or hundreds: sites, vehicles, drivers. */
export async function everyPage<T>(path: string, query: Query = {}): Promise<T[]> {
  const things: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.get<Page<T>>(path, { query: { ...query, limit: 200, cursor } });
    things.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return things;
}
