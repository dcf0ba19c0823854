import { Button } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { IconArrowUp } from "@tabler/icons-react";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  type DragEvent,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { carryOrders } from "./carrying.ts";
import styles from "./order_list.module.css";
import { OrderRow, rowId } from "./order_row.tsx";
import type { Places } from "./places.ts";
import type { Selection } from "./selection.ts";
import { useSteadyScroll } from "./steady_scroll.ts";

/** Heights in pixels, as in the style sheet. */
const ROW = 52;
const CARD = 124;
const HEAD = 34;
/** Below this width in pixels a row becomes a card. */
const CARDS_BELOW = 600;
/** Rows before the end of what is loaded at which more is asked for. */
const AHEAD = 20;

interface OrderListProps {
  ref?: Ref<HTMLDivElement>;
  rows: readonly Delivery[];
  /** Names the list, so that another one starts at its top. */
  list: string;
  /** How many there are, loaded or not; undefined when nobody has counted. */
  total: number | undefined;
  places: Places;
  selection: Selection;
  selectable: boolean;
  showDay: boolean;
  openedId: string | undefined;
  onOpen: (order: Delivery, how: "pointer" | "keyboard") => void;
  onSelectAll: () => void;
  onNearEnd: () => void;
}

/**
 * The orders as a grid in which only the rows in view exist. One stop for the Tab key; arrows move within, as the ARIA
 * grid pattern has it.
 */
export function OrderList(props: OrderListProps) {
  const { rows, list, total, places, selection, selectable, showDay, openedId, onNearEnd } = props;
  const { t } = useTranslation("orders");
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize();
  const cards = width > 0 && width < CARDS_BELOW;
  const rowHeight = cards ? CARD : ROW;
  const head = cards ? 0 : HEAD;

  const [currentId, setCurrentId] = useState<string | null>(null);
  const current = rows.findIndex(({ id }) => id === currentId);
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const { arrived, showArrived } = useSteadyScroll({ scroller, ids, rowHeight, list });

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => ids[index]!,
    overscan: 10,
    paddingStart: head,
    scrollPaddingStart: head,
    // The current row stays, in view or not: the grid's aria-activedescendant points at it.
    rangeExtractor: (range) => {
      const inView = defaultRangeExtractor(range);
      return current < 0 || inView.includes(current) ? inView : [...inView, current].sort((a, b) => a - b);
    },
  });
  useEffect(() => virtualizer.measure(), [rowHeight, virtualizer]);
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - AHEAD) onNearEnd();
  }, [last, rows.length, onNearEnd]);

  const goTo = (index: number) => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    if (row === undefined) return;
    setCurrentId(row.id);
    virtualizer.scrollToIndex(rows.indexOf(row), { align: "auto" });
  };
  const onKeyDown = useGridKeys({
    ...props,
    current,
    currentId,
    goTo,
    visible: Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1,
  });

  const onClick = (event: MouseEvent) => {
    const order = orderAt(event, rows);
    if (order === undefined) return;
    setCurrentId(order.id);
    const checked = (event.target as Element).closest("[data-check]") !== null;
    if (selectable && event.shiftKey) selection.reach(order.id);
    else if (selectable && (checked || event.ctrlKey || event.metaKey)) selection.toggle(order.id);
    else props.onOpen(order, "pointer");
  };
  const onDragStart = (event: DragEvent) => {
    const order = orderAt(event, rows);
    if (order === undefined) return;
    carryOrders(
      event,
      selection.has(order.id) ? selection.orders : [order],
      (count) => t("carried", { count }),
    );
  };

  const ref = useMergedRef(scroller, sized, props.ref ?? null);
  return (
    <div className={styles.frame}>
      {arrived > 0 && (
        <Button
          className={styles.arrived}
          size="xs"
          radius="xl"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={showArrived}
        >
          {t("arrived", { count: arrived })}
        </Button>
      )}
      <div
        ref={ref}
        role="grid"
        aria-label={t("list")}
        aria-rowcount={total === undefined ? -1 : Math.max(total, rows.length) + 1}
        aria-multiselectable={selectable || undefined}
        aria-activedescendant={current < 0 ? undefined : rowId(rows[current]!.id)}
        tabIndex={0}
        className={styles.grid}
        data-cards={cards || undefined}
        data-selectable={selectable || undefined}
        data-keeps-focus
        onKeyDown={onKeyDown}
        onClick={onClick}
        onDragStart={onDragStart}
        onFocus={() => current < 0 && rows[0] !== undefined && setCurrentId(rows[items[0]?.index ?? 0]!.id)}
      >
        <div role="row" aria-rowindex={1} className={styles.head}>
          {selectable && <span role="columnheader" className={styles.hidden}>{t("columns.selected")}</span>}
          <span role="columnheader">{t("columns.number")}</span>
          <span role="columnheader">{t("columns.recipient")}</span>
          <span role="columnheader" className={styles.address}>{t("columns.address")}</span>
          <span role="columnheader">{t("columns.window")}</span>
          <span role="columnheader">{t("columns.state")}</span>
          <span role="columnheader" className={styles.driver}>{t("columns.driver")}</span>
          <span role="columnheader" className={styles.marks}>{t("columns.marks")}</span>
        </div>
        <div role="rowgroup" className={styles.rows} style={{ height: virtualizer.getTotalSize() - head }}>
          {items.map(({ index, start }) => {
            const order = rows[index];
            if (order === undefined) return null;
            return (
              <OrderRow
                key={order.id}
                order={order}
                place={index + 2}
                top={start - head}
                driver={order.driverId === null ? undefined : places.drivers.get(order.driverId)?.name}
                timeZone={places.timeZoneOf(order.siteId)}
                showDay={showDay}
                selectable={selectable}
                selected={selectable && selection.has(order.id)}
                current={index === current}
                opened={order.id === openedId}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface GridKeys extends OrderListProps {
  current: number;
  currentId: string | null;
  goTo: (index: number) => void;
  /** How many rows a page down is. */
  visible: number;
}

function useGridKeys(
  { rows, selection, selectable, current, currentId, goTo, visible, onOpen, onSelectAll }: GridKeys,
) {
  return (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: Math.max(current - 1, 0),
      PageDown: current + visible,
      PageUp: current - visible,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) {
      const target = rows[Math.min(Math.max(to, 0), rows.length - 1)];
      if (selectable && event.shiftKey && currentId !== null && target !== undefined) {
        if (!selection.has(currentId)) selection.toggle(currentId);
        selection.reach(target.id);
      }
      goTo(to);
    } else if (event.key === " " && currentId !== null && selectable) selection.toggle(currentId);
    else if (event.key === "Enter" && current >= 0) onOpen(rows[current]!, "keyboard");
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && selectable) onSelectAll();
    else return;
    event.preventDefault();
  };
}

function orderAt(event: MouseEvent, rows: readonly Delivery[]): Delivery | undefined {
  const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset.id;
  return rows.find((row) => row.id === id);
}
