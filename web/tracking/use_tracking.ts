import { useCallback, useEffect, useState } from "react";
import type { Tracking } from "../../server/tracking/schema.ts";
import { api, ApiProblem } from "../api.ts";

const REFRESH_MS = 30_000;

export interface Look {
  /** The order as last seen, or null before the first answer. */
  order: Tracking | null;
  /** When that was, ISO 8601. */
  at: string | null;
  /** Why the last look failed: the link leads nowhere, or something that may pass. */
  fault: "unknown" | "passing" | null;
}

/** Follows the order of a link: now, every 30 seconds while the page is seen, and whenever it comes into sight again. */
export function useTracking(token: string): Look & { look: () => void } {
  const [state, setState] = useState<Look>({ order: null, at: null, fault: null });

  const look = useCallback(async () => {
    try {
      if (token === "") throw new ApiProblem({ title: "no token", status: 404 });
      const order = await api.get<Tracking>("/tracking", { authorization: `Tracking ${token}` });
      setState({ order, at: new Date().toISOString(), fault: null });
    } catch (fault) {
      const unknown = fault instanceof ApiProblem && fault.status === 404;
      setState((before) =>
        unknown ? { order: null, at: null, fault: "unknown" } : { ...before, fault: "passing" }
      );
    }
  }, [token]);

  const over = state.fault === "unknown";
  useEffect(() => {
    if (over) return;
    const whenSeen = () => {
      if (document.visibilityState === "visible") void look();
    };
    whenSeen();
    const timer = setInterval(whenSeen, REFRESH_MS);
    document.addEventListener("visibilitychange", whenSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", whenSeen);
    };
  }, [look, over]);

  return { ...state, look };
}
