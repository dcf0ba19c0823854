import { describe, expect, it } from "vitest";
import { useCompany } from "../harness/app.ts";

const company = useCompany();
const kestrel = { name: "Kestrel Couriers", timeZone: "Europe/Berlin", holidays: "DE" };

describe("the company", () => {
  it("is known to everybody who is signed in and to nobody else", async () => {
    expect((await (await company.as("driver")).get("/api/company")).body).toEqual(kestrel);
    expect((await company.caller().get("/api/company")).status).toBe(401);
  });

  it("is edited by owners and admins, and the trail says which fields", async () => {
    const admin = await company.as("admin");
    const moved = { ...kestrel, timeZone: "Europe/Vienna", holidays: "AT" };
    expect(await admin.put("/api/company", moved)).toMatchObject({ status: 200, body: moved });
    expect(await admin.put("/api/company", moved), "the same again changes nothing").toMatchObject({
      status: 200,
    });
    const entries = await company.services.db.selectFrom("auditEntries").select(["actor", "detail"])
      .where("act", "=", "company.edited").execute();
    expect(entries).toMatchObject([{ actor: admin.accountId, detail: { fields: ["timeZone", "holidays"] } }]);
    expect((await (await company.as("dispatcher")).put("/api/company", kestrel)).status).toBe(403);
  });

  it("needs a time zone that exists and a country", async () => {
    const answer = await (await company.as("owner")).put("/api/company", {
      name: " ",
      timeZone: "Europe/Atlantis",
      holidays: "Deutschland",
    });
    expect(answer.status).toBe(422);
    expect(answer.body.faults.map(({ path }: { path: string }) => path)).toEqual([
      "name",
      "timeZone",
      "holidays",
    ]);
  });
});
