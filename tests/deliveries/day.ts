import { expect } from "vitest";
import type { NewDelivery, State } from "../../server/deliveries/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { type Answer, type Caller, type Company, newOrder } from "../harness/app.ts";

/** What leads an order to a state: an assignment, then steps. */
const ways: Record<State, { give?: "offer" | "tell"; steps: State[] }> = {
  unassigned: { steps: [] },
  offered: { give: "offer", steps: [] },
  assigned: { give: "tell", steps: [] },
  accepted: { give: "tell", steps: ["accepted"] },
  loaded: { give: "tell", steps: ["accepted", "loaded"] },
  "in-transit": { give: "tell", steps: ["accepted", "in-transit"] },
  arrived: { give: "tell", steps: ["accepted", "in-transit", "arrived"] },
  completed: { give: "tell", steps: ["accepted", "in-transit", "arrived", "completed"] },
  failed: { give: "tell", steps: ["accepted", "in-transit", "failed"] },
  returned: { give: "tell", steps: ["accepted", "in-transit", "failed", "returned"] },
  cancelled: { steps: ["cancelled"] },
};

/** The outcome a step to this state must have, an ordinary one. */
export const outcomeOf = (to: State) =>
  to === "completed" ? "mailbox" : to === "failed" ? "nobody-home" : null;

/** A dispatcher and a driver of one site, and what tests let them do. */
export class WorkingDay {
  constructor(
    private readonly company: Company,
    readonly dispatcher: Caller,
    readonly driver: Caller,
  ) {}

  static async at(company: Company): Promise<WorkingDay> {
    return new WorkingDay(company, await company.as("dispatcher"), await company.as("driver"));
  }

  /** Makes an order; answers it. */
  async order(overrides: Partial<NewDelivery> = {}) {
    const { status, body } = await this.dispatcher.post(
      "/api/deliveries",
      newOrder(this.company.here, overrides),
    );
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  }

  /** Makes an order and brings it to a state by the way it usually goes; answers its id. */
  async orderThatIs(state: State, overrides: Partial<NewDelivery> = {}): Promise<string> {
    const { id } = await this.order(overrides);
    const { give, steps } = ways[state];
    if (give) await this.give([id], this.driver.driverId, give === "offer");
    for (const to of steps) {
      const { status, body } = await this.step(this.dispatcher, id, to);
      expect(status, JSON.stringify(body)).toBe(200);
    }
    return id;
  }

  give(ids: string[], driverId: string | null, offer = false): Promise<Answer> {
    return this.dispatcher.put("/api/deliveries/assignments", { ids, driverId, offer });
  }

  step(caller: Caller, id: string, to: State, more: Record<string, unknown> = {}): Promise<Answer> {
    const step = { id: newId(), to, happenedAt: new Date().toISOString(), outcome: outcomeOf(to), ...more };
    return caller.post(`/api/deliveries/${id}/steps`, step);
  }

  /** The order as the dispatcher sees it. */
  async look(id: string) {
    const { status, body } = await this.dispatcher.get(`/api/deliveries/${id}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }

  undo(caller: Caller, id: string, stepId: string): Promise<Answer> {
    return caller.delete(`/api/deliveries/${id}/steps/${stepId}`);
  }
}
