import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { NewStep } from "../../server/deliveries/schema.ts";
import { newKey } from "../api.ts";
import { useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { type Deed, outboxOf, type Unsent } from "./outbox.ts";
import { usePositionSharing, whereNow } from "./position.ts";
import type { DriversStep } from "./step_words.ts";
import { asIfSent, type Stop } from "./stop.ts";
import { stopsQuery } from "./stops.ts";

/** What was said on the way to a step. */
export type Said = Partial<Pick<NewStep, "outcome" | "note" | "receivedBy">>;
export type ProofContent = { id: string; content: Extract<Deed, { kind: "proof" }>["content"] };

/** The step that the bar at the foot offers to take back: one act, perhaps of many stops. */
export interface JustTaken {
  id: string;
  to: DriversStep;
  steps: { orderId: string; stepId: string }[];
}

/** A driver at work: the stops as they stand with everything done so far, and what can be done. */
export interface Driving {
  stops: Stop[];
  unsent: readonly Unsent[];
  justTaken: JustTaken | null;
  sharing: boolean;
  share: (share: boolean) => void;
  timeZoneOf: (stop: Stop) => string;
  /** Takes one step of each stop; what proves it goes first. */
  take: (stops: readonly Stop[], to: DriversStep, said?: Said, proofs?: readonly ProofContent[]) => void;
  prove: (stop: Stop, proof: ProofContent) => void;
  takeBack: (orderId: string, stepId: string) => void;
  forget: () => void;
  discard: (orderId: string) => void;
  retry: () => void;
}

/** Joins the day as the server tells it with what this phone has still to send. */
export function useDriving(items: readonly Stop[]): Driving {
  const me = useMe();
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery).data;
  const [sharing, share] = usePositionSharing();
  const [justTaken, setJustTaken] = useState<JustTaken | null>(null);
  const outbox = outboxOf(me.accountId);
  const unsent = useSyncExternalStore(outbox.watch, outbox.unsent);

  useEffect(() =>
    outbox.start((answer) => {
      // A list asked for before this step would show the stop as it was.
      void queries.cancelQueries({ queryKey: stopsQuery.queryKey });
      queries.setQueryData(stopsQuery.queryKey, (day) =>
        day && { ...day, items: day.items.map((stop) => stop.id === answer.id ? answer : stop) });
    }), [outbox, queries]);
  useEffect(() => {
    const back = () => outbox.retry();
    globalThis.addEventListener("online", back);
    return () => globalThis.removeEventListener("online", back);
  }, [outbox]);
  useEffect(() => {
    if (unsent.length === 0) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", ask);
    return () => globalThis.removeEventListener("beforeunload", ask);
  }, [unsent.length]);

  const stops = useMemo(() => {
    const deeds = unsent.filter(({ refusal }) => refusal === null).map(({ deed }) => deed);
    // A declined offer is somebody else's now.
    return items.map((stop) => asIfSent(stop, deeds)).filter(({ state }) => state !== "unassigned");
  }, [items, unsent]);

  const forget = useCallback(() => setJustTaken(null), []);

  return {
    stops,
    unsent,
    justTaken,
    sharing,
    share,
    timeZoneOf: (stop) => sites?.find(({ id }) => id === stop.siteId)?.timeZone ?? me.company.timeZone,
    take: (taken, to, said = {}, proofs = []) => {
      const happenedAt = new Date().toISOString();
      const position = sharing ? whereNow() : Promise.resolve(null);
      const steps = taken.map(({ id }) => ({ orderId: id, stepId: newKey() }));
      outbox.add(...steps.flatMap(({ orderId, stepId }): Deed[] => [
        ...proofs.map((proof) => ({ kind: "proof", orderId, happenedAt, ...proof }) as const),
        {
          kind: "step",
          id: stepId,
          orderId,
          happenedAt,
          position,
          step: { id: stepId, to, happenedAt, outcome: null, note: null, receivedBy: null, ...said },
        },
      ]));
      setJustTaken({ id: newKey(), to, steps });
    },
    prove: (stop, proof) =>
      outbox.add({ kind: "proof", orderId: stop.id, happenedAt: new Date().toISOString(), ...proof }),
    takeBack: (orderId, stepId) => {
      outbox.takeBack(orderId, stepId, newKey());
      setJustTaken(null);
    },
    forget,
    discard: (orderId) => outbox.discard(orderId),
    retry: () => outbox.retry(),
  };
}
