import { describe, expect, it } from "vitest";
import { noteCommand } from "../../server/access/operator.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();
const note = (words: unknown) =>
  noteCommand(company.services, typeof words === "string" ? words : JSON.stringify(words));

describe("what an operator did beside the product", () => {
  it("stands in the trail with the account's number, and with the hour where it could not be told at once", async () => {
    await note({ command: "restart", services: ["api-a"], uid: 1000, at: "2026-11-26T03:12:00Z" });
    const auditor = await company.as("auditor");
    const { body } = await auditor.get("/api/audit?act=operator.commanded");
    expect(body.items[0]).toMatchObject({
      act: "operator.commanded",
      actorId: null,
      detail: {
        command: "restart",
        services: ["api-a"],
        uid: 1000,
        happenedAt: "2026-11-26T03:12:00Z",
        via: "operator",
      },
    });
  });

  it.each([
    ["a command there is not", { command: "rm" }],
    ["a service there is not", { command: "restart", services: ["Mara Beispiel"] }],
    ["a name in the place of a number", { command: "down", uid: "mara" }],
    ["more than it knows", { command: "down", who: "Mara Beispiel" }],
    ["a moment that has not come", { command: "down", at: "2126-11-26T03:12:00Z" }],
    ["no JSON", "down"],
  ])("is refused with %s", async (_, words) => {
    await expect(note(words)).rejects.toMatchObject({ slug: "bad-input" });
  });
});
