import { describe, expect, it } from "vitest";
import { withinTime } from "../../server/platform/http.ts";

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;
const chunk = new TextEncoder().encode("{");

async function sizeOf(body: Body | null, seconds: number): Promise<number> {
  let size = 0;
  for await (const { length } of withinTime(body, seconds)) size += length;
  return size;
}

describe("a request's body", () => {
  it("that arrives is read to its end", async () => {
    expect(await sizeOf(ReadableStream.from([chunk, chunk]) as Body, 60)).toBe(2);
    expect(await sizeOf(null, 60)).toBe(0);
  });

  it("that never ends is given up, and its sender is told", async () => {
    let isGivenUp = false;
    const body: Body = new ReadableStream({
      start: (controller) => controller.enqueue(chunk),
      cancel: () => void (isGivenUp = true),
    });
    await expect(sizeOf(body, 0.05)).rejects.toMatchObject({ slug: "too-slow", status: 408 });
    expect(isGivenUp).toBe(true);
  });

  it("that breaks off is not taken for a slow one", async () => {
    const body: Body = new ReadableStream({
      start: (controller) => controller.error(new Error("connection lost")),
    });
    await expect(sizeOf(body, 60)).rejects.toThrow("connection lost");
  });
});
