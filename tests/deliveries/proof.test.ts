/// <reference lib="deno.unstable" />
import { createRequire } from "node:module";
import encode, { init as initEncoder } from "@jsquash/jpeg/encode.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeDarkroom } from "../../server/platform/photo.ts";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";
import { withPosition } from "../harness/phone_photo.ts";
import { WorkingDay } from "./day.ts";

const company = useCompany();
let day: WorkingDay;
let photo: Uint8Array;

beforeAll(async () => {
  const file = createRequire(import.meta.url).resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm");
  await (initEncoder as unknown as (module: WebAssembly.Module) => Promise<void>)(
    new WebAssembly.Module(await Deno.readFile(file)),
  );
  const grey = new ImageData(new Uint8ClampedArray(96 * 64 * 4).fill(128), 96, 64);
  photo = withPosition(new Uint8Array(await encode(grey, { quality: 80 })));
  day = await WorkingDay.at(company);
});
afterAll(closeDarkroom);

const jpeg = { "Content-Type": "image/jpeg" };

describe("a photo of proof", () => {
  it("comes back as a JPEG that no longer says where it was taken", async () => {
    expect(latin1(photo)).toContain("Exif");
    const id = await day.orderThatIs("arrived", { requires: ["photo"] });
    const path = `/api/deliveries/${id}/proofs/${newId()}`;
    const kept = await day.driver.put(path, photo, jpeg);
    expect(kept, JSON.stringify(kept.body)).toMatchObject({
      status: 200,
      body: { kind: "photo", signature: null, photoUrl: path },
    });
    const shown = await day.dispatcher.get(path);
    expect(shown.status).toBe(200);
    expect(shown.headers.get("content-type")).toBe("image/jpeg");
    expect([...shown.body.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    for (const trace of ["Exif", "GPS", "Pocketphone 9"]) expect(latin1(shown.body)).not.toContain(trace);
    expect((await day.step(day.driver, id, "completed")).status).toBe(200);
    const looks = await (await company.as("owner")).get("/api/audit?act=proof.read");
    expect(looks.body.items).toHaveLength(1);
  });

  it("sent again is kept once, and another one under its id is refused", async () => {
    const id = await day.orderThatIs("arrived");
    const path = `/api/deliveries/${id}/proofs/${newId()}`;
    const [first, again] = [await day.driver.put(path, photo, jpeg), await day.driver.put(path, photo, jpeg)];
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await day.look(id)).proofs).toHaveLength(1);
    expect(await day.driver.put(path, { strokes: [[[1, 1]]] }))
      .toMatchObject({ status: 409, body: { slug: "proof-id-used" } });
    const other = await day.orderThatIs("arrived");
    expect(await day.driver.put(path.replace(id, other), photo, jpeg))
      .toMatchObject({ status: 409, body: { slug: "proof-id-used" } });
  });

  it("is sealed: neither it nor the signature stands in the database as it is", async () => {
    const id = await day.orderThatIs("arrived");
    await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, photo, jpeg);
    await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, { strokes: [[[123, 456], [789, 1011]]] });
    const { rows } = await (await company.superuser("data")).query("select sealed from proofs");
    for (const { sealed } of rows) {
      expect(latin1(sealed)).not.toMatch(/JFIF|strokes|789/);
    }
  });

  it("is seen by nobody whose order it is not", async () => {
    const id = await day.orderThatIs("arrived");
    const path = `/api/deliveries/${id}/proofs/${newId()}`;
    await day.driver.put(path, photo, jpeg);
    expect((await (await company.as("dispatcher", [company.there])).get(path)).status).toBe(404);
    expect((await (await company.as("driver")).put(path, photo, jpeg)).status).toBe(404);
    expect((await (await company.as("admin")).get(path)).status).toBe(403);
    expect((await company.caller().get(path)).status).toBe(401);
  });

  it.each([
    ["a text", new TextEncoder().encode("<script>alert(1)</script>"), "image/jpeg", 422, "photo-refused"],
    ["nothing", new Uint8Array(), "image/jpeg", 422, "photo-refused"],
    ["a PNG that says so", Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "image/png", 415, "unsupported-type"],
    ["more than 8 MB", new Uint8Array(8 * 1024 * 1024 + 1), "image/jpeg", 413, "too-large"],
  ])("that is %s is refused with the reason", async (_, bytes, type, status, slug) => {
    const id = await day.orderThatIs("arrived");
    const answer = await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, bytes, {
      "Content-Type": type,
    });
    expect(answer).toMatchObject({ status, body: { slug } });
    expect((await day.look(id)).proofs).toEqual([]);
  });
});

const latin1 = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
