import { beforeAll, describe, expect, it } from "vitest";
import { allows, type Right, type Role, roles, seesAllSites } from "../../server/access/rights.ts";
import { routesOf } from "../../server/platform/openapi.ts";
import { type Caller, useCompany } from "../harness/app.ts";
import { makeThings, samples, type Things } from "./samples.ts";

const company = useCompany();
let here: Things, there: Things;
const callers = new Map<Role, Caller>();
let disabled: Caller, expired: Caller;

beforeAll(async () => {
  const owner = await company.as("owner");
  here = await makeThings(owner, company.here);
  there = await makeThings(owner, company.there);
  for (const role of roles) callers.set(role, await company.as(role));
  disabled = await company.as("owner");
  expired = await company.as("owner");
  const client = await company.superuser("data");
  await client.query("update accounts set disabled = true where id = $1", [disabled.accountId]);
  await client.query("update sessions set expires_at = now() - interval '1 second' where account_id = $1", [
    expired.accountId,
  ]);
});

const apiRoutes = () => routesOf(company.app).filter((route) => route.path.startsWith("/api/"));

async function send(
  caller: Pick<Caller, "get" | "post" | "put" | "patch" | "delete">,
  name: string,
  things: Things,
) {
  const [method] = name.split(" ") as ["GET" | "POST" | "PUT" | "PATCH" | "DELETE"];
  const { path, body, headers } = samples[name]!;
  const where = path(things), value = body?.(things);
  switch (method) {
    case "GET":
      return await caller.get(where, headers);
    case "DELETE":
      return await caller.delete(where, headers);
    default:
      return await caller[method.toLowerCase() as "post" | "put" | "patch"](where, value, headers);
  }
}

describe("every route", () => {
  it("says who may call it, and has a sample here", () => {
    const routes = apiRoutes();
    expect(routes.filter((route) => !route.access).map((route) => route.path)).toEqual([]);
    const names = routes.map((route) => `${route.method} ${route.path}`).sort();
    expect(names).toEqual(Object.keys(samples).sort());
  });

  it("asks whoever is not signed in, whose session has expired, or whose account is disabled to sign in", async () => {
    for (const route of apiRoutes()) {
      if (!route.access || "open" in route.access) continue;
      const name = `${route.method} ${route.path}`;
      for (
        const [who, caller] of [["anonymous", company.caller()], ["expired", expired], [
          "disabled",
          disabled,
        ]] as const
      ) {
        const answer = await send(caller, name, here);
        expect([name, who, answer.status, answer.body.slug]).toEqual([name, who, 401, "sign-in-needed"]);
      }
    }
  });

  for (const role of roles) {
    it(`answers a ${role} by the table of rights`, async () => {
      for (const route of apiRoutes()) {
        if (!route.access || "open" in route.access) continue;
        const name = `${route.method} ${route.path}`;
        // Signing out for real would end the caller under test; it is tried last, below.
        if (["DELETE /api/session", "DELETE /api/sessions", "POST /api/sso/sign-out"].includes(name)) {
          continue;
        }
        const answer = await send(callers.get(role)!, name, here);
        const refused = answer.status === 403 && answer.body.slug === "not-allowed" &&
          answer.body.title === "Your role does not allow this";
        expect([name, !refused]).toEqual([name, allows(role, route.access.right as Right)]);
        expect(answer.status, name).toBeLessThan(500);
      }
    });

    it(`does not let a ${role} find another site's things unless the role sees all sites`, async () => {
      for (const route of apiRoutes()) {
        const name = `${route.method} ${route.path}`;
        if (!samples[name]!.ofSite || !route.access || "open" in route.access) continue;
        if (!allows(role, route.access.right as Right) || seesAllSites(role)) continue;
        const answer = await send(callers.get(role)!, name, there);
        expect([name, answer.status, answer.body.slug]).toEqual([name, 404, "not-found"]);
      }
    });
  }

  it("lets everybody sign out, and knows nobody by that session afterwards", async () => {
    for (const role of roles) {
      const caller = await company.as(role);
      expect((await caller.delete("/api/session")).status).toBe(204);
      expect((await caller.get("/api/session")).status).toBe(401);
    }
  });
});
