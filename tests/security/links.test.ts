import { describe, expect, it } from "vitest";
import { useCompany } from "../harness/app.ts";
import { employ } from "../access/person.ts";

const company = useCompany();

describe("a link an admin made", () => {
  it.each([
    ["for a dispatcher opens no owner's account", { role: "owner" }],
    ["for somebody disabled meanwhile stays closed when they are enabled", { disabled: true }],
  ])("%s", async (_, change) => {
    const [owner, admin] = [await company.as("owner"), await company.as("admin")];
    const { accountId } = await employ(company, "dispatcher");
    // Two have to ask where there are two; the second is shown the link.
    await owner.post(`/api/accounts/${accountId}/invitation`);
    const { body } = await admin.post(`/api/accounts/${accountId}/invitation`);
    const holder = company.caller({
      authorization: `Invitation ${new URL(body.invitation.link).hash.slice(1)}`,
    });
    expect((await holder.get("/api/invitation")).status).toBe(200);
    const edit = async (fields: unknown) => {
      const { version } = await company.services.db.selectFrom("accounts").select("version")
        .where("id", "=", accountId).executeTakeFirstOrThrow();
      return await owner.patch(`/api/accounts/${accountId}`, fields, { "If-Match": `"${version}"` });
    };
    expect((await edit(change)).status).toBe(200);
    await edit({ disabled: false });
    expect((await holder.get("/api/invitation")).body.slug).toBe("link-not-valid");
    expect((await holder.post("/api/invitation/totp")).body.slug).toBe("link-not-valid");
  });
});
