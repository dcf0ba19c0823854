import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { deviceCookieName } from "../../server/access/session.ts";
import { securityHeaders } from "../../server/platform/edge.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

const answerAt = async (publicUrl: string) =>
  await new Hono().use(securityHeaders(publicUrl)).get("/", (c) => c.text("ok")).request("/");

describe("an answer", () => {
  it("under a public name tells the browser never to come without TLS; over http it could not", async () => {
    const told = async (url: string) => (await answerAt(url)).headers.get("strict-transport-security");
    expect(await told("https://fleet.kestrel-couriers.com")).toBe("max-age=63072000; includeSubDomains");
    expect(await told("http://127.0.0.1")).toBeNull();
  });

  it.each(["localhost", "192.0.2.7", "[fd00::7]", "depot", "fleethold.lan", "fleet.home.arpa", "a.local"])(
    "under the LAN's own %s leaves the way in open for devices that do not know the authority yet",
    async (host) => {
      expect((await answerAt(`https://${host}`)).headers.get("strict-transport-security")).toBeNull();
    },
  );

  it.each([
    ["fine", "/api/setup", 200],
    ["of an address that is not there", "/api/nothing", 404],
    ["to nobody who is signed in", "/api/deliveries?q=Mara%20Beispiel", 401],
  ])("that is %s carries every header, is not stored and quotes nothing", async (_, path, status) => {
    const answer = await company.caller().get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(answer.body)).not.toContain("Mara");
  });

  it("is logged by its route, never by what was searched for", async () => {
    const dispatcher = await company.as("dispatcher");
    await dispatcher.get("/api/deliveries?q=Mara%20Beispiel");
    expect(company.logged.join("")).toContain('"route":"/api/deliveries"');
    expect(company.logged.join("")).not.toMatch(/Mara|Beispiel/);
  });
});

it("a device's cookie can be set by no other host", () => {
  const secure = { ...company.services.config, FLEETHOLD_PUBLIC_URL: "https://fleet.kestrel.example" };
  expect(deviceCookieName(secure)).toBe("__Host-fleethold-device");
});
