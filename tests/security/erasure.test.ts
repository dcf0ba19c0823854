import { describe, expect, it } from "vitest";
import { newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();

const somebodyElse = { name: "Bela Quist", phone: "+49 30 23125 777", email: "bela@quist.example" };

describe("what the trail keeps of an order whose recipient became somebody else", () => {
  it("is the first one's data under the first one's key, and none of the second one's", async () => {
    const owner = await company.as("owner");
    const { body: order } = await owner.post("/api/deliveries", newOrder(company.here));
    const edited = await owner.patch(
      `/api/deliveries/${order.id}`,
      { recipient: { ...somebodyElse, city: "Altmark" } },
      { "If-Match": `"${order.version}"` },
    );
    expect(edited).toMatchObject({ status: 200, body: { recipient: somebodyElse } });
    const { body: { items: [entry] } } = await owner.get(`/api/audit?act=delivery.edited&thing=${order.id}`);
    expect(entry.changed).toMatchObject({
      name: { from: "Mara Beispiel", to: null },
      city: { from: "Lindental", to: null },
    });
    expect(JSON.stringify(entry)).not.toContain("Altmark");
  });
});
