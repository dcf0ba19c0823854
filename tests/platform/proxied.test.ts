import { describe, expect, it } from "vitest";
import { clientAddress } from "../../server/platform/edge.ts";
import { health } from "../../server/platform/health.ts";
import type { Metrics } from "../../server/platform/metrics.ts";
import type { Services } from "../../server/platform/services.ts";

const token = "what only the proxy knows";
const from = (headers: HeadersInit) => clientAddress(new Headers(headers), "192.0.2.1", token);

describe("behind the appliance's proxy", () => {
  it("the client's address is the one the proxy saw", () => {
    expect(from({ "fleethold-proxy": token, "x-forwarded-for": "198.51.100.7" })).toBe("198.51.100.7");
  });

  it("nobody is answered who did not come through it, whatever address they claim", () => {
    const claims: HeadersInit[] = [[], [["fleethold-proxy", "a guess"]], [[
      "x-forwarded-for",
      "198.51.100.7",
    ]]];
    for (const headers of claims) {
      expect(() => from(headers)).toThrow(
        expect.objectContaining({ slug: "not-through-proxy", status: 403 }),
      );
    }
  });

  it("no proxy is believed where there is none", () => {
    const claimed = new Headers({ "fleethold-proxy": token, "x-forwarded-for": "198.51.100.7" });
    expect(clientAddress(claimed, "192.0.2.1", undefined)).toBe("192.0.2.1");
  });

  it("a server that drains says so, so that it is sent nothing new", async () => {
    let isDraining = false;
    const probes = health({} as Services, {} as Metrics, () => isDraining);
    expect((await probes.request("/healthz")).status).toBe(200);
    isDraining = true;
    const answer = await probes.request("/healthz");
    expect([answer.status, await answer.json()]).toEqual([503, { status: "draining" }]);
  });
});
