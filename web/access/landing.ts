import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { landing, meQuery } from "../session.ts";

/** Goes where a newly signed-in person works: back where they came from, or where their role's day starts. */
export function useLanding(): (back?: string) => Promise<void> {
  const queries = useQueryClient();
  const router = useRouter();
  return async (back) => {
    // What an earlier person on this device had loaded is none of this one's business.
    queries.clear();
    const me = await queries.fetchQuery(meQuery);
    // Not `navigate`: its `to` is typed by route, and `back` is any address of ours. Replaced, so that "back" in
    // the browser does not return to a used link.
    router.history.replace(back ?? landing[me.role]);
  };
}
