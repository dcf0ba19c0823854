import type { DeliveryFields, Outcome, Recipient, State } from "../deliveries/schema.ts";

/** An order before anything has happened to it. */
export interface OrderDraft {
  /** Index of its site. */
  site: number;
  fields: DeliveryFields;
  recipient: Recipient;
}

/** An order as it stands now, and the steps it took to get there. */
export interface DemoOrder extends OrderDraft {
  /** Index of its driver, if it has one or was offered to one. */
  driver: number | null;
  state: State;
  outcome: Outcome | null;
  /** In the order they happened, the last one leading to `state`; none of an unassigned order. */
  steps: DemoStep[];
}

export interface DemoStep {
  to: State;
  /** ISO 8601 instant. */
  happenedAt: string;
  outcome: Outcome | null;
  note: string | null;
  receivedBy: string | null;
}
