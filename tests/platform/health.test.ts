import { expect, it } from "vitest";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

it("tells probes that it runs and that it can serve", async () => {
  const probe = company.caller();
  expect(await probe.get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  expect(await probe.get("/readyz")).toMatchObject({
    status: 200,
    body: { status: "ok", database: "ok", keys: "ok" },
  });
});

it("counts requests for Prometheus by route, never by id", async () => {
  const dispatcher = await company.as("dispatcher");
  const id = "01890a5d-ac96-774b-bcce-b302099a8057";
  await dispatcher.get(`/api/deliveries/${id}`);
  const { status, headers, body } = await company.caller().get("/metrics");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toMatch(/^text\/plain/);
  expect(body).toContain(
    'fleethold_http_request_seconds_count{method="GET",route="/api/deliveries/:id",status="404"} 1',
  );
  expect(body).toContain("fleethold_resident_memory_bytes");
  expect(body).not.toContain(id);
});

it("puts the security headers on every answer, problems too", async () => {
  for (const path of ["/healthz", "/api/session", "/api/nowhere"]) {
    const { headers } = await company.caller().get(path);
    expect(headers.get("content-security-policy"), path).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(headers.get("content-security-policy"), path).not.toMatch(/unsafe|nonce|sha256/);
    expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    expect(headers.get("x-request-id"), path).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect((await company.caller().get("/api/session")).headers.get("cache-control")).toBe("no-store");
});

it("logs each request by its route's pattern, without query, address or body", async () => {
  const dispatcher = await company.as("dispatcher");
  await dispatcher.get("/api/deliveries?q=Geheimrat");
  const lines = company.logged.map((line) => JSON.parse(line)).filter((line) => line.msg === "answered");
  expect(lines.at(-1)).toMatchObject({ method: "GET", route: "/api/deliveries", status: 200 });
  expect(company.logged.join("")).not.toContain("Geheimrat");
});
