import { useCallback, useMemo, useState } from "react";
import type { Delivery } from "../../server/deliveries/schema.ts";

/** Which orders of the list are chosen. Those that leave the list leave the selection. */
export interface Selection {
  orders: Delivery[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  /** Chooses everything between the row chosen last and this one. */
  reach: (id: string) => void;
  choose: (ids: readonly string[]) => void;
  clear: () => void;
}

export function useSelection(rows: readonly Delivery[]): Selection {
  const [{ ids }, set] = useState<{ ids: ReadonlySet<string>; anchor: string | null }>(nothing);
  const orders = useMemo(() => ids.size === 0 ? [] : rows.filter(({ id }) => ids.has(id)), [ids, rows]);

  const toggle = useCallback((id: string) => {
    set(({ ids }) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return { ids: next, anchor: id };
    });
  }, []);
  const reach = useCallback((id: string) => {
    set(({ ids, anchor }) => {
      const from = rows.findIndex((row) => row.id === anchor);
      const to = rows.findIndex((row) => row.id === id);
      const between = from < 0 ? [rows[to]!] : rows.slice(Math.min(from, to), Math.max(from, to) + 1);
      return { ids: new Set([...ids, ...between.map((row) => row.id)]), anchor: id };
    });
  }, [rows]);
  const choose = useCallback((ids: readonly string[]) => set({ ids: new Set(ids), anchor: null }), []);
  const clear = useCallback(() => set(nothing), []);
  return { orders, has: (id) => ids.has(id), toggle, reach, choose, clear };
}

const nothing = { ids: new Set<string>(), anchor: null };
