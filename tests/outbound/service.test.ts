import { afterEach, describe, expect, it } from "vitest";
import { createOutbound } from "../../server/outbound/service.ts";
import { createLog } from "../../server/platform/log.ts";
import {
  bodyLimit,
  noOutside,
  type Outside,
  type OutsideAnswer,
  outsideBy,
  OutsideFault,
  type OutsideRequest,
} from "../../server/platform/outside.ts";

const token = "the-token-of-the-tests";
const answer: OutsideAnswer = { status: 200, headers: { "content-type": "text/plain" }, body: "there" };
const request: OutsideRequest = {
  url: "https://sso.kestrel.example/secret-path?code=secret-code",
  method: "POST",
  headers: { authorization: "Basic secret-credentials" },
  body: "secret-body",
};

const servers: Deno.HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.shutdown();
});

/** The service with somebody behind it, and what it logged. */
function serviceWith(outside: Outside) {
  const logged: string[] = [];
  const log = createLog("trace", "test", { write: (line) => logged.push(line) });
  return { app: createOutbound({ token, outside, log }), logged };
}

/** Serves something on this machine and says where. */
function listen(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, fetch);
  servers.push(server);
  return `http://127.0.0.1:${server.addr.port}`;
}

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

async function fault(asking: Promise<unknown>): Promise<OutsideFault> {
  const error = await asking.then(() => undefined, (error) => error);
  expect(error).toBeInstanceOf(OutsideFault);
  return error as OutsideFault;
}

describe("the API's way outside", () => {
  it("hands on what is asked, and brings back what is answered", async () => {
    const asked: OutsideRequest[] = [];
    const { app } = serviceWith((request) => {
      asked.push(request);
      return Promise.resolve(answer);
    });
    const outside = outsideBy({ url: listen(app.fetch), token });
    const headers = { Accept: "application/json", Authorization: "Basic abc", "User-Agent": "openid-client" };
    expect(await outside({ ...request, headers })).toEqual(answer);
    expect(asked).toEqual([{
      ...request,
      headers: { accept: "application/json", authorization: "Basic abc" },
    }]);
  });

  it("says why there is no answer", async () => {
    const { app } = serviceWith(() =>
      Promise.reject(new OutsideFault("inside-address", "sso.kestrel.example"))
    );
    const { reason, host, message } = await fault(outsideBy({ url: listen(app.fetch), token })(request));
    expect({ reason, host }).toEqual({ reason: "inside-address", host: "sso.kestrel.example" });
    expect(message).toContain("name the host in FLEETHOLD_SSO_HOSTS");
  });

  it("says so when the service is not there, does not know us, or talks nonsense", async () => {
    const { app } = serviceWith(() => Promise.resolve(answer));
    const url = listen(app.fetch);
    const elsewhere = listen(() => Response.json(answer));
    const ways = [
      outsideBy({ url: "http://127.0.0.1:1", token }),
      outsideBy({ url, token: "another" }),
      outsideBy({ url: listen(() => new Response("<html>")), token }),
      outsideBy({ url: listen(() => Response.json({ status: 99 })), token }),
      outsideBy({ url: listen(() => Response.json({ reason: "whim", host: null }, { status: 502 })), token }),
      outsideBy({ url: listen(() => Response.redirect(elsewhere, 307)), token }),
      outsideBy({ url: listen(() => new Response("9".repeat(8 * 1024 * 1024))), token }),
      noOutside,
    ];
    for (const outside of ways) {
      const { reason, host } = await fault(outside(request));
      expect({ reason, host }).toEqual({ reason: "gateway", host: "sso.kestrel.example" });
    }
  });
});

describe("the service outbound", () => {
  it("asks for nobody who does not know the token", async () => {
    let asked = 0;
    const { app } = serviceWith(() => {
      asked++;
      return Promise.resolve(answer);
    });
    const given = [
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${token}a`,
      `Bearer ${token.slice(1)}`,
      token,
      `Basic ${token}`,
    ];
    for (const Authorization of given) {
      expect((await app.request("/fetch", post(request, { Authorization }))).status).toBe(401);
    }
    expect(asked).toBe(0);
    expect((await app.request("/fetch", post(request))).status).toBe(200);
    expect(asked).toBe(1);
  });

  it.each<[string, unknown, number]>([
    ["no JSON", "{", 400],
    ["nothing", {}, 422],
    ["another method", { ...request, method: "DELETE" }, 422],
    ["another header", { ...request, headers: { host: "a" } }, 422],
    ["a header that ends a line", { ...request, headers: { accept: "a\r\nhost: b" } }, 422],
    ["a body that is too large", { ...request, body: "a".repeat(bodyLimit + 1) }, 422],
    ["a request that is too large", { ...request, body: "\u0001".repeat(2 * bodyLimit) }, 413],
    ["something that it does not know", { ...request, redirect: "follow" }, 422],
  ])("refuses %s", async (_, body, status) => {
    const { app } = serviceWith(() => Promise.resolve(answer));
    expect((await app.request("/fetch", post(body))).status).toBe(status);
  });

  it("takes the largest body there may be, however JSON writes it", async () => {
    const { app } = serviceWith(() => Promise.resolve(answer));
    expect((await app.request("/fetch", post({ ...request, body: "\u0001".repeat(bodyLimit) }))).status).toBe(
      200,
    );
  });

  it("logs who was asked and how it ended, and nothing of what was said", async () => {
    const outcomes: Outside[] = [
      () =>
        Promise.resolve({ ...answer, headers: { location: "https://a.example/?secret" }, body: "secret" }),
      () => Promise.reject(new OutsideFault("too-slow", "sso.kestrel.example")),
      () => Promise.reject(new Error("secret")),
    ];
    const { app, logged } = serviceWith((request) => outcomes.shift()!(request));
    for (const status of [200, 502, 500]) {
      expect((await app.request("/fetch", post(request))).status).toBe(status);
    }
    await app.request("/fetch", post("secret"));
    expect(logged).toHaveLength(3);
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { host: "sso.kestrel.example", status: 200 },
      { host: "sso.kestrel.example", reason: "too-slow" },
      { err: { type: "Error" } },
    ]);
    expect(logged.join("\n")).not.toContain("secret");
  });

  it("asks eight at once, lets the others wait, and sends away whom it could not keep", async () => {
    let asking = 0, most = 0;
    const open = Promise.withResolvers<void>();
    const { app } = serviceWith(async () => {
      most = Math.max(most, ++asking);
      await open.promise;
      asking--;
      return answer;
    });
    const all = Array.from({ length: 73 }, () => app.request("/fetch", post(request)));
    // Only whoever finds no place to wait is answered before the others are.
    expect((await Promise.race(all)).status).toBe(503);
    expect(asking).toBe(8);
    open.resolve();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(72);
    expect(statuses.filter((status) => status === 503)).toHaveLength(1);
    expect(most).toBe(8);
  });
});
