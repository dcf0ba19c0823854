import { useQueryClient } from "@tanstack/react-query";
import { createContext, lazy, type ReactNode, Suspense, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { AssignmentResult, Delivery, DeliveryDetail, NewStep } from "../../server/deliveries/schema.ts";
import { api, ApiProblem, newKey } from "../api.ts";
import { tell, tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";
import { usePlaces } from "./places.ts";
import type { Refused } from "./refused_dialog.tsx";

const RefusedDialog = lazy(() => import("./refused_dialog.tsx"));

/** The most orders one request may name. */
const AT_ONCE = 500;

export interface Dispatching {
  /** Gives orders to a driver, or takes them off whoever has them (null). Says what became of each. */
  assign: (orders: readonly Order[], driverId: string | null) => Promise<void>;
  cancel: (orders: readonly Order[]) => Promise<void>;
  busy: boolean;
}
type AssignmentOutcome = z.infer<typeof AssignmentResult>;
type Order = Pick<Delivery, "id" | "number">;

const Context = createContext<Dispatching | null>(null);

/** What dispatchers do with many orders at once. */
export function useDispatching(): Dispatching {
  return useContext(Context)!;
}

/** Carries out what is done to many orders, and reports the ones that were refused. */
export function DispatchingProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation("orders");
  const queries = useQueryClient();
  const words = useProblemWords();
  const { drivers } = usePlaces();
  const [underWay, setUnderWay] = useState(0);
  const [refused, setRefused] = useState<{ title: string; orders: Refused[] } | null>(null);

  const dispatching = useMemo<Dispatching>(() => {
    const during = async (act: () => Promise<void>) => {
      setUnderWay((count) => count + 1);
      try {
        await act();
      } catch (problem) {
        tellProblem(words(problem));
      } finally {
        setUnderWay((count) => count - 1);
        await queries.invalidateQueries({ queryKey: ["deliveries"] });
      }
    };
    const report = (orders: readonly Order[], reasons: { id: string; reason: string }[], title: string) => {
      if (reasons.length === 0) return;
      const numbers = new Map(orders.map(({ id, number }) => [id, number]));
      setRefused({
        title,
        orders: reasons.map(({ id, reason }) => ({ id, reason, number: numbers.get(id) ?? "" })),
      });
    };
    return {
      busy: underWay > 0,
      assign: (orders, driverId) =>
        during(async () => {
          const result = await assignAll(orders.map(({ id }) => id), driverId);
          const count = result.assigned.length;
          const name = drivers.get(driverId ?? "")?.name ?? t("erasedDriver");
          if (count > 0) {
            tell(driverId === null ? t("unassigned", { count }) : t("assigned", { count, name }));
          }
          report(orders, result.refused, t("refused.assign", { count: result.refused.length }));
        }),
      cancel: (orders) =>
        during(async () => {
          const reasons = await cancelAll(orders, (problem) => words(problem).title);
          const count = orders.length - reasons.length;
          if (count > 0) tell(t("cancelled", { count }));
          report(orders, reasons, t("refused.cancel", { count: reasons.length }));
        }),
    };
  }, [underWay, drivers, queries, t]);

  return (
    <Context value={dispatching}>
      {children}
      {refused !== null && (
        <Suspense>
          <RefusedDialog {...refused} onClose={() => setRefused(null)} />
        </Suspense>
      )}
    </Context>
  );
}

async function assignAll(ids: readonly string[], driverId: string | null): Promise<AssignmentOutcome> {
  const whole: AssignmentOutcome = { assigned: [], refused: [] };
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const result = await api.put<AssignmentOutcome>("/deliveries/assignments", {
      ids: ids.slice(from, from + AT_ONCE),
      driverId,
    });
    whole.assigned.push(...result.assigned);
    whole.refused.push(...result.refused);
  }
  return whole;
}

/** One step each, as cancelling is a step like any other; one after the other, so that a board stays responsive. */
async function cancelAll(orders: readonly Order[], wordsOf: (problem: ApiProblem) => string) {
  const refused: { id: string; reason: string }[] = [];
  for (const { id } of orders) {
    try {
      await takeStep(id, { to: "cancelled" });
    } catch (problem) {
      // A refusal is that order's own; anything else would fail the next one too.
      if (!(problem instanceof ApiProblem) || ![404, 409].includes(problem.status)) throw problem;
      refused.push({ id, reason: wordsOf(problem) });
    }
  }
  return refused;
}

/** Takes a step of an order now. */
export function takeStep(
  orderId: string,
  step: Pick<NewStep, "to"> & Partial<NewStep>,
): Promise<DeliveryDetail> {
  return api.post<DeliveryDetail>(`/deliveries/${orderId}/steps`, {
    id: newKey(),
    happenedAt: new Date().toISOString(),
    ...step,
  });
}
