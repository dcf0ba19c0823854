/// <reference lib="deno.unstable" />
import { createRequire } from "node:module";
import decode, { init as initDecoder } from "@jsquash/jpeg/decode.js";
import encode, { init as initEncoder } from "@jsquash/jpeg/encode.js";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  cleanPhoto,
  closeDarkroom,
  Darkroom,
  photoLimits,
  PhotoRefused,
} from "../../server/platform/photo.ts";

type Colour = readonly [red: number, green: number, blue: number];
const red: Colour = [220, 30, 30];
const blue: Colour = [30, 30, 220];

beforeAll(async () => {
  type Init = (module: WebAssembly.Module) => Promise<void>;
  const load = async (file: string) =>
    new WebAssembly.Module(
      await Deno.readFile(createRequire(import.meta.url).resolve(`@jsquash/jpeg/codec/${file}`)),
    );
  await (initDecoder as unknown as Init)(await load("dec/mozjpeg_dec.wasm"));
  await (initEncoder as unknown as Init)(await load("enc/mozjpeg_enc.wasm"));
});
afterAll(closeDarkroom);

describe("a photo of proof", () => {
  it("comes back as a JPEG of the same picture", async () => {
    const cleaned = await pixelsOf(await cleanPhoto(await photo(64, 48)));
    expect([cleaned.width, cleaned.height]).toEqual([64, 48]);
    expectNear(colourAt(cleaned, 8, 24), red);
    expectNear(colourAt(cleaned, 56, 24), blue);
  });

  it("loses where and with what it was taken", async () => {
    const telling = withMetadata(await photo(64, 48), 1);
    expect(text(telling)).toContain("Exif");
    const cleaned = text(await cleanPhoto(telling));
    for (const trace of ["Exif", "Pocketphone 9", "GPS-52.5", "a comment"]) {
      expect(cleaned).not.toContain(trace);
    }
  });

  it.each([
    { orientation: 3, width: 64, height: 48, redAt: [56, 24], blueAt: [8, 24] },
    { orientation: 6, width: 48, height: 64, redAt: [24, 8], blueAt: [24, 56] },
    { orientation: 8, width: 48, height: 64, redAt: [24, 56], blueAt: [24, 8] },
  ])("taken with the phone turned (orientation $orientation) stands upright", async (turned) => {
    const cleaned = await pixelsOf(await cleanPhoto(withMetadata(await photo(64, 48), turned.orientation)));
    expect([cleaned.width, cleaned.height]).toEqual([turned.width, turned.height]);
    expectNear(colourAt(cleaned, ...turned.redAt as [number, number]), red);
    expectNear(colourAt(cleaned, ...turned.blueAt as [number, number]), blue);
  });

  it("larger than 1600 pixels is scaled down and keeps its proportions", async () => {
    const cleaned = await pixelsOf(await cleanPhoto(await photo(2400, 1000)));
    expect([cleaned.width, cleaned.height]).toEqual([1600, 667]);
    expectNear(colourAt(cleaned, 400, 660), red);
    expectNear(colourAt(cleaned, 1200, 0), blue);
  });

  it("long and thin keeps at least one pixel of its shorter side", async () => {
    const cleaned = await pixelsOf(await cleanPhoto(await photo(4000, 1)));
    expect([cleaned.width, cleaned.height]).toEqual([1600, 1]);
  });
});

describe("a file that is no fit photo", () => {
  it.each([
    ["a PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)],
    ["an empty file", new Uint8Array()],
    ["a web page", new TextEncoder().encode("<!doctype html><script>alert(1)</script>")],
  ])("is refused as not a JPEG when it is %s", async (_, bytes) => {
    await expect(refusal(bytes)).resolves.toMatchObject({ reason: "not-a-jpeg" });
  });

  it("is refused before decoding when it claims 60000 by 60000 pixels", async () => {
    const bomb = claiming(await photo(64, 48), 60_000, 60_000);
    const refused = await refusal(bomb);
    expect(refused).toMatchObject({ reason: "too-many-pixels" });
    expect(refused.message).toBe("The photo has 60000 by 60000 pixels; at most 24 megapixels are taken.");
  });

  it("is refused when it claims no pixels at all", async () => {
    await expect(refusal(claiming(await photo(64, 48), 0, 48))).resolves.toMatchObject({ reason: "damaged" });
    await expect(refusal(claiming(await photo(64, 48), 64, 0))).resolves.toMatchObject({ reason: "damaged" });
  });

  it("is refused when it is larger than 8 MB", async () => {
    const padded = new Uint8Array(photoLimits.bytes + 1);
    padded.set(await photo(64, 48));
    const refused = await refusal(padded);
    expect(refused).toMatchObject({ reason: "too-large", message: "The photo is larger than 8 MB." });
  });

  it("is refused when the upload broke off, wherever it did", async () => {
    const whole = withMetadata(await photo(64, 48), 6);
    for (let length = 3; length < whole.length - 1; length += 7) {
      await expect(refusal(whole.slice(0, length))).resolves.toMatchObject({ reason: "damaged" });
    }
  });

  it("is refused when only the decoder can see the damage, and the next photo is still cleaned", async () => {
    const whole = await photo(64, 48);
    const tables = indexOfMarker(whole, 0xc4);
    const broken = whole.slice();
    broken.fill(0xff, tables + 4, tables + 12); // Huffman code counts that no code can have
    await expect(refusal(broken)).resolves.toMatchObject({ reason: "damaged" });
    await expect(cleanPhoto(whole)).resolves.toBeInstanceOf(Uint8Array);
  });
});

describe("a file somebody has tampered with", () => {
  it("is cleaned or refused with a reason, whatever bytes were changed", async () => {
    const whole = withMetadata(await photo(64, 48), 6);
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = whole.slice();
        for (const { at, to } of changes) bytes[at] = to;
        const outcome = await cleanPhoto(bytes).catch((error) => error);
        expect(outcome instanceof Uint8Array || outcome instanceof PhotoRefused, String(outcome)).toBe(true);
      }),
      { seed: 20261123, numRuns: 150 },
    );
  });
});

describe("the darkroom", () => {
  const open: Darkroom[] = [];
  const darkroom = (hours: ConstructorParameters<typeof Darkroom>[0]) => {
    const room = new Darkroom(hours);
    open.push(room);
    return room;
  };
  afterEach(() => open.splice(0).forEach((room) => room.close()));

  it("lets so many photos wait and sends the next one away", async () => {
    const room = darkroom({ waiting: 2 });
    const bytes = await photo(64, 48);
    const taken = [room.clean(bytes), room.clean(bytes), room.clean(bytes)];
    await expect(room.clean(bytes)).rejects.toMatchObject({ reason: "busy" });
    expect(await Promise.all(taken)).toHaveLength(3);
    await expect(room.clean(bytes)).resolves.toBeInstanceOf(Uint8Array);
  });

  it("gives up on a photo that takes too long, and lets its worker go", async () => {
    const room = darkroom({ timeout: 1 });
    await expect(room.clean(await photo(64, 48))).rejects.toMatchObject({ reason: "timeout" });
    expect(room.open).toBe(false);
  });

  it("leaves the rest of the server running while it works on a large photo", async () => {
    const room = darkroom({});
    const bytes = await photo(2400, 1800);
    let beats = 0;
    const heart = setInterval(() => beats++, 5);
    await room.clean(bytes);
    clearInterval(heart);
    expect(beats).toBeGreaterThan(10);
  });

  it("closes after a quiet minute and opens again for the next photo", async () => {
    const room = darkroom({ idle: 30 });
    await room.clean(await photo(64, 48));
    expect(room.open).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(room.open).toBe(false);
    await expect(room.clean(await photo(64, 48))).resolves.toBeInstanceOf(Uint8Array);
  });

  it("refuses what is under way and what waits when the server shuts down", async () => {
    const room = darkroom({});
    const bytes = await photo(64, 48);
    const taken = [room.clean(bytes), room.clean(bytes)].map((cleaned) => cleaned.catch((error) => error));
    await new Promise((resolve) => setTimeout(resolve, 1));
    room.close();
    for (const refused of await Promise.all(taken)) expect(refused).toMatchObject({ reason: "busy" });
  });

  it("does not work in a worker that was given permissions", async () => {
    const worker = new Worker(new URL("../../server/platform/photo_worker.ts", import.meta.url), {
      type: "module",
      deno: {
        permissions: { read: true, net: false, env: false, run: false, sys: false, write: false, ffi: false },
      },
    });
    const answer = new Promise((resolve) => worker.onmessage = (event) => resolve(event.data));
    worker.postMessage({ decoder: new Uint8Array(), encoder: new Uint8Array() });
    expect(await answer).toEqual({ failed: "it was started with read allowed" });
    worker.terminate();
  });
});

/** A picture whose left half is red and whose right half is blue. */
async function photo(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set([...(pixel % width < width / 2 ? red : blue), 255], pixel * 4);
  }
  return new Uint8Array(await encode({ data, width, height } as ImageData, { quality: 90 })).slice();
}

/** Puts an EXIF segment (camera, position, orientation) and a comment in front of the picture. */
function withMetadata(jpeg: Uint8Array, orientation: number): Uint8Array<ArrayBuffer> {
  const camera = "Pocketphone 9\0", position = "GPS-52.5\0";
  const tiff = new DataView(new ArrayBuffer(8 + 2 + 3 * 12 + 4));
  tiff.setUint32(0, 0x4d4d002a); // big endian
  tiff.setUint32(4, 8);
  tiff.setUint16(8, 3);
  const entry = (at: number, tag: number, type: number, count: number) => {
    tiff.setUint16(at, tag);
    tiff.setUint16(at + 2, type);
    tiff.setUint32(at + 4, count);
  };
  entry(10, 0x0110, 2, camera.length); // model
  tiff.setUint32(18, tiff.byteLength);
  entry(22, 0x0112, 3, 1); // orientation
  tiff.setUint16(30, orientation);
  entry(34, 0x8825, 4, 1); // GPS directory
  tiff.setUint32(42, tiff.byteLength + camera.length);
  const exif = [...bytesOf("Exif\0\0"), ...new Uint8Array(tiff.buffer), ...bytesOf(camera + position)];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xe1, exif),
    ...segment(0xfe, bytesOf("a comment")),
    ...jpeg.subarray(2),
  ]);
}

function segment(code: number, content: ArrayLike<number>): number[] {
  const length = content.length + 2;
  return [0xff, code, length >> 8, length & 0xff, ...Array.from(content)];
}

/** The same file with another size in its frame header. */
function claiming(jpeg: Uint8Array, width: number, height: number): Uint8Array {
  const bytes = jpeg.slice();
  const frame = Math.max(indexOfMarker(bytes, 0xc0), indexOfMarker(bytes, 0xc2));
  new DataView(bytes.buffer).setUint16(frame + 5, height);
  new DataView(bytes.buffer).setUint16(frame + 7, width);
  return bytes;
}

function indexOfMarker(jpeg: Uint8Array, code: number): number {
  return jpeg.findIndex((byte, at) => byte === 0xff && jpeg[at + 1] === code);
}

async function pixelsOf(jpeg: Uint8Array<ArrayBuffer>): Promise<ImageData> {
  return await decode(jpeg.buffer);
}

function colourAt(picture: ImageData, x: number, y: number): number[] {
  return [...picture.data.subarray((y * picture.width + x) * 4, (y * picture.width + x) * 4 + 3)];
}

/** JPEG is lossy: a colour counts as the same within a few steps. */
function expectNear(colour: number[], expected: Colour): void {
  for (const [channel, value] of colour.entries()) {
    expect(Math.abs(value - expected[channel]!)).toBeLessThan(12);
  }
}

async function refusal(bytes: Uint8Array): Promise<PhotoRefused> {
  const refused = await cleanPhoto(bytes).catch((error) => error);
  expect(refused).toBeInstanceOf(PhotoRefused);
  return refused as PhotoRefused;
}

const bytesOf = (words: string) => new TextEncoder().encode(words);
const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
