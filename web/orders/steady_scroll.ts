import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

interface SteadyScroll {
  scroller: RefObject<HTMLElement | null>;
  /** The ids of the rows in order. */
  ids: readonly string[];
  /** Pixels. */
  rowHeight: number;
  /** Another list altogether starts at its top. */
  list: string;
}

/**
 * Keeps what is being read in place while rows come and go around it, and counts the rows that came in above.
 */
export function useSteadyScroll({ scroller, ids, rowHeight, list }: SteadyScroll) {
  const [arrived, setArrived] = useState(0);
  const shown = useRef<{ list: string; ids: readonly string[]; top: number }>({ list, ids, top: 0 });

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const remember = () => {
      shown.current.top = element.scrollTop;
      if (element.scrollTop < rowHeight) setArrived(0);
    };
    element.addEventListener("scroll", remember, { passive: true });
    return () => element.removeEventListener("scroll", remember);
  }, [scroller, rowHeight]);

  useLayoutEffect(() => {
    const { list: shownList, ids: before, top } = shown.current;
    const element = scroller.current;
    shown.current = { list, ids, top: list === shownList ? top : 0 };
    if (element === null) return;
    if (list !== shownList) {
      element.scrollTop = 0;
      setArrived(0);
      return;
    }
    const places = new Map(ids.map((id, place) => [id, place]));
    const first = Math.floor(top / rowHeight);
    const anchor = before.findIndex((id, place) => place >= first && places.has(id));
    if (anchor < 0) return;
    const place = places.get(before[anchor]!)!;
    if (place === anchor) return;
    element.scrollTop = top + (place - anchor) * rowHeight;
    const known = new Set(before);
    const news = ids.slice(0, place).filter((id) => !known.has(id)).length;
    if (news > 0 && element.scrollTop > 0) setArrived((count) => count + news);
  }, [ids, list, rowHeight, scroller]);

  const showArrived = useCallback(() => {
    scroller.current?.scrollTo({ top: 0, behavior: "smooth" });
    setArrived(0);
  }, [scroller]);
  return { arrived, showArrived };
}
