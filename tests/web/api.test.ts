import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, ApiProblem, whenSignedOut } from "../../web/api.ts";

const asked: Request[] = [];
let answers: (Response | Error)[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push(new Request(`https://fleet.example.com${path}`, init));
    const answer = answers.shift()!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  asked.length = 0;
  answers = [];
});

describe("what the web UI sends", () => {
  it("sends an act again under the same key when the network failed", async () => {
    answers = [new TypeError("Failed to fetch"), new TypeError("Failed to fetch"), json(201, { id: "1" })];
    const made = api.post("/sites", { name: "Harbour depot" });
    await vi.runAllTimersAsync();
    expect(await made).toEqual({ id: "1" });
    expect(new Set(asked.map(keyOf)).size).toBe(1);
    expect(keyOf(asked[0]!)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("names two acts differently", async () => {
    answers = [json(201, {}), json(201, {})];
    await api.post("/sites", {});
    await api.post("/sites", {});
    expect(keyOf(asked[0]!)).not.toBe(keyOf(asked[1]!));
  });

  it("waits as long as a busy server asks, then tries again", async () => {
    answers = [problem(503, "keys-unavailable", { "Retry-After": "2" }), json(200, [])];
    const read = api.get("/drivers");
    await vi.advanceTimersByTimeAsync(1_900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await read).toEqual([]);
  });

  it("does not wait in silence when the server asks for a minute", async () => {
    answers = [problem(503, "database-unavailable", { "Retry-After": "60" })];
    await expect(api.get("/drivers")).rejects.toMatchObject({ slug: "database-unavailable", retryAfter: 60 });
  });

  it("never repeats what was refused", async () => {
    answers = [problem(409, "number-taken")];
    await expect(api.post("/deliveries", {})).rejects.toMatchObject({ slug: "number-taken", status: 409 });
    expect(asked).toHaveLength(1);
  });

  it("says which version an edit started from", async () => {
    answers = [json(200, {})];
    await api.patch("/sites/1", { name: "Quay" }, { ifMatch: 7 });
    expect(asked[0]!.headers.get("If-Match")).toBe('"7"');
  });

  it("writes lists into the query with commas and leaves out what is not asked", async () => {
    answers = [json(200, {})];
    await api.get("/deliveries", { query: { state: ["assigned", "accepted"], q: "", site: undefined } });
    expect(new URL(asked[0]!.url).search).toBe("?state=assigned%2Caccepted");
  });
});

describe("what the web UI makes of an answer", () => {
  it("hands a refusal on with its faults and the request's id", async () => {
    const faults = [{ path: "recipient.phone", reason: "must have 3 to 20 digits" }];
    answers = [problem(422, "bad-input", {}, { faults, requestId: "r-1" })];
    await expect(api.post("/deliveries", {})).rejects.toMatchObject({ faults, requestId: "r-1" });
  });

  it("sends whoever is signed out to sign in, but not whoever typed a wrong password", async () => {
    const leave = vi.fn();
    whenSignedOut(leave);
    answers = [problem(401, "sign-in-failed"), problem(401, "sign-in-needed")];
    await expect(api.post("/session", {})).rejects.toBeInstanceOf(ApiProblem);
    expect(leave).not.toHaveBeenCalled();
    await expect(api.get("/sites")).rejects.toBeInstanceOf(ApiProblem);
    expect(leave).toHaveBeenCalledOnce();
  });

  it("tells a proxy's error page from an answer of ours", async () => {
    answers = [new Response("<h1>Bad gateway</h1>", { status: 502 })];
    await expect(api.get("/sites")).rejects.toMatchObject({ slug: "server-unclear", status: 502 });
  });
});

const keyOf = (request: Request) => request.headers.get("Idempotency-Key");
const json = (status: number, body: unknown) => Response.json(body, { status });
const problem = (status: number, slug: string, headers: HeadersInit = {}, more: object = {}) =>
  Response.json({ slug, title: slug, status, ...more }, { status, headers });
