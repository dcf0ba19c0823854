import { describe, expect, it } from "vitest";
import { newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();

describe("a sealed value that somebody copied from one order to another of the same person", () => {
  it("is not shown there, and the log says where it lies", async () => {
    const owner = await company.as("owner");
    const [one, other] = [
      (await owner.post("/api/deliveries", newOrder(company.here))).body,
      (await owner.post("/api/deliveries", newOrder(company.here))).body,
    ];
    const { sealed, recipientId } = await company.services.db.selectFrom("deliveries")
      .select(["sealed", "recipientId"]).where("id", "=", one.id).executeTakeFirstOrThrow();
    await company.superDb.updateTable("deliveries").set({ sealed, recipientId }).where("id", "=", other.id)
      .execute();
    const answer = await owner.get(`/api/deliveries/${other.id}`);
    expect(answer).toMatchObject({ status: 500, body: { slug: "internal" } });
    expect(JSON.stringify(answer.body)).not.toContain("Beispiel");
    expect(company.logged.join("")).toContain(`"place":"deliveries/${other.id}"`);
    expect((await owner.get(`/api/deliveries/${one.id}`)).status).toBe(200);
  });
});
