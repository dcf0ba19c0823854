import { VisuallyHidden } from "@mantine/core";
import {
  IconArrowDown,
  IconCheck,
  IconFlag3Filled,
  IconLock,
  IconPackageExport,
  IconTool,
} from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { StateBadge } from "../ui/state_badge.tsx";
import { Tag } from "../ui/tag.tsx";
import { dayName, TimeWindow } from "../ui/times.tsx";
import styles from "./order_list.module.css";

interface OrderRowProps {
  order: Delivery;
  /** The row's place in the grid, counting from 1 with the headings as the first. */
  place: number;
  /** Pixels from the list's top. */
  top: number;
  driver: string | null | undefined;
  timeZone: string;
  /** Where the list spans several days. */
  showDay: boolean;
  selectable: boolean;
  selected: boolean;
  /** The row the arrow keys stand on. */
  current: boolean;
  opened: boolean;
}

/** One order on the board. A card on narrow screens; the style sheet decides. */
export const OrderRow = memo(function OrderRow(
  { order, place, top, driver, timeZone, showDay, selectable, selected, current, opened }: OrderRowProps,
) {
  const { t } = useTranslation("orders");
  const { id, number, recipient, window, state, priority, tags, kind } = order;
  return (
    <div
      role="row"
      id={rowId(id)}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={place}
      aria-selected={selectable ? selected : undefined}
      data-id={id}
      data-current={current || undefined}
      data-opened={opened || undefined}
      draggable={selectable}
    >
      {selectable && (
        <div role="gridcell" className={styles.check} data-check>
          <span className={styles.box}>{selected && <IconCheck size={13} stroke={3.5} />}</span>
        </div>
      )}
      <div role="gridcell" className={styles.number}>
        <span className={styles.strong}>
          {number}
          {priority === "high" && (
            <IconFlag3Filled className={styles.high} size={14} role="img" aria-label={t("highPriority")} />
          )}
          {priority === "low" && (
            <IconArrowDown className={styles.low} size={14} role="img" aria-label={t("lowPriority")} />
          )}
        </span>
        {kind !== "delivery" && (
          <span className={styles.kind}>
            {kind === "pickup" ? <IconPackageExport size={13} /> : <IconTool size={13} />}
            {t(`kinds.${kind}`)}
          </span>
        )}
      </div>
      <div role="gridcell" className={styles.recipient}>
        <span className={styles.strong} data-erased={recipient === null || undefined}>
          {recipient?.name ?? t("erased")}
        </span>
        {recipient?.phone && <span className={styles.under}>{recipient.phone}</span>}
      </div>
      <div role="gridcell" className={styles.address}>
        <span className={styles.line}>{recipient?.street}</span>
        <span className={styles.under}>
          {[recipient?.postcode, recipient?.city].filter(Boolean).join(" ")}
        </span>
      </div>
      <div role="gridcell" className={styles.window}>
        {showDay && <span className={styles.line}>{dayName(order.day)}</span>}
        <span className={showDay ? styles.under : styles.line} data-any={window === null || undefined}>
          <TimeWindow window={window && { ...window, hard: false }} timeZone={timeZone} />
          {window?.hard && (
            <IconLock className={styles.hard} size={14} role="img" aria-label={t("fixedWindow")} />
          )}
        </span>
      </div>
      <div role="gridcell" className={styles.state}>
        <StateBadge state={state} />
      </div>
      <div role="gridcell" className={styles.driver} data-nobody={order.driverId === null || undefined}>
        {order.driverId === null ? t("nobody") : driver ?? t("erasedDriver")}
      </div>
      <div role="gridcell" className={styles.marks}>
        <Tags tags={tags} />
      </div>
    </div>
  );
});

/** The first tag; how many more there are fits where they themselves would not. */
function Tags({ tags: [first, ...further] }: { tags: string[] }) {
  if (first === undefined) return null;
  const others = further.join(", ");
  return (
    <>
      <Tag>{first}</Tag>
      {further.length > 0 && (
        <span className={styles.further} title={others}>
          <span aria-hidden>+{further.length}</span>
          <VisuallyHidden>{others}</VisuallyHidden>
        </span>
      )}
    </>
  );
}

export const rowId = (orderId: string): string => `order-${orderId}`;
