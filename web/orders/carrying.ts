import { type DragEvent, useState } from "react";
import type { Delivery } from "../../server/deliveries/schema.ts";
import styles from "./carrying.module.css";

const TYPE = "application/x-fleethold-orders";

/** The data of a drag can be read only when it is dropped; what hovers must be known before. */
let carried: readonly Delivery[] = [];

/** Starts carrying orders; a label under the pointer says how many. */
export function carryOrders(
  event: DragEvent,
  orders: readonly Delivery[],
  words: (count: number) => string,
): void {
  carried = orders;
  const label = document.createElement("div");
  label.className = styles.label!;
  label.textContent = orders.length === 1 ? orders[0]!.number : words(orders.length);
  document.body.append(label);
  // The browser takes its picture of the label after this event.
  setTimeout(() => label.remove());
  event.dataTransfer.setDragImage(label, 12, 12);
  event.dataTransfer.setData(TYPE, orders.map(({ id }) => id).join(","));
  event.dataTransfer.effectAllowed = "move";
}

/** Lets orders be put down on an element: spread `target` over it. `hovered` says whether they hang over it now. */
export function usePutDown(onPutDown: (orders: readonly Delivery[]) => void) {
  const [hovered, setHovered] = useState(false);
  const carries = (event: DragEvent) => event.dataTransfer.types.includes(TYPE);
  return {
    hovered,
    target: {
      onDragOver: (event: DragEvent) => {
        if (!carries(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "move";
        setHovered(true);
      },
      onDragLeave: (event: DragEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setHovered(false);
      },
      onDrop: (event: DragEvent) => {
        if (!carries(event)) return;
        event.preventDefault();
        setHovered(false);
        if (carried.length > 0) onPutDown(carried);
        carried = [];
      },
    },
  };
}
