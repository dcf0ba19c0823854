import { expect, it } from "vitest";
import { routesOf } from "../../server/platform/openapi.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

it("the OpenAPI document names every route of the API with its right and its answer", async () => {
  const { status, body } = await company.caller().get("/api/openapi.json");
  expect(status).toBe(200);
  expect(body.openapi).toBe("3.1.0");
  for (const route of routesOf(company.app).filter(({ path }) => path.startsWith("/api/"))) {
    const operation = body.paths[route.path.replaceAll(/:([a-zA-Z]+)/g, "{$1}")]
      ?.[route.method.toLowerCase()];
    expect(operation, `${route.method} ${route.path}`).toMatchObject({ summary: expect.any(String) });
    expect(operation["x-right"]).toBe(
      route.access && "right" in route.access ? route.access.right : undefined,
    );
    if (route.params) {
      const inPath = operation.parameters.filter((parameter: { in: string }) => parameter.in === "path");
      expect(inPath.length, route.path).toBe(route.path.split(":").length - 1);
    }
  }
});

it("an address the API does not have, and a malformed body, are answered with problems", async () => {
  const dispatcher = await company.as("dispatcher");
  const unknown = await dispatcher.get("/api/nowhere");
  expect(unknown).toMatchObject({ status: 404, body: { slug: "not-found", requestId: expect.any(String) } });
  expect(unknown.headers.get("content-type")).toBe("application/problem+json");
  const bytes = new TextEncoder().encode('{"number": ');
  const broken = await dispatcher.post("/api/deliveries", bytes, { "Content-Type": "application/json" });
  expect(broken).toMatchObject({ status: 400, body: { slug: "not-json" } });
  const wrong = await dispatcher.post("/api/deliveries", bytes, { "Content-Type": "text/plain" });
  expect(wrong).toMatchObject({ status: 415, body: { slug: "unsupported-type" } });
});

it("a page of another site cannot make a browser write", async () => {
  const dispatcher = await company.as("dispatcher");
  const ridden = await dispatcher.post("/api/deliveries", {}, { "Sec-Fetch-Site": "cross-site" });
  expect(ridden).toMatchObject({ status: 403, body: { slug: "cross-site" } });
  const older = await dispatcher.post("/api/deliveries", {}, {
    "Sec-Fetch-Site": "",
    Origin: "https://evil.example",
  });
  expect(older).toMatchObject({ status: 403, body: { slug: "cross-site" } });
});
