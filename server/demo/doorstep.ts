import { createRequire } from "node:module";
import encode, { init } from "@jsquash/jpeg/encode.js";

type Colour = readonly [red: number, green: number, blue: number];

const width = 480, height = 640;

/** From back to front: left, top, right, bottom in pixels. */
const scene: { area: readonly [number, number, number, number]; colour: Colour }[] = [
  { area: [0, 0, 480, 470], colour: [206, 190, 168] }, // the wall
  { area: [0, 470, 480, 640], colour: [142, 138, 132] }, // the step
  { area: [110, 60, 370, 480], colour: [238, 232, 222] }, // the frame of the door
  { area: [128, 78, 352, 480], colour: [48, 84, 76] },
  { area: [152, 104, 328, 250], colour: [64, 104, 94] },
  { area: [152, 276, 328, 450], colour: [64, 104, 94] },
  { area: [316, 256, 338, 270], colour: [214, 180, 92] }, // the handle
  { area: [170, 430, 340, 560], colour: [188, 142, 88] }, // the parcel
  { area: [244, 430, 266, 560], colour: [222, 192, 142] }, // its tape
  { area: [280, 446, 326, 480], colour: [248, 246, 240] }, // its label
];

/** A picture of a parcel in front of a door, as JPEG: what a driver's photo of a delivery shows. */
export async function paintDoorstep(): Promise<Uint8Array> {
  const image = new ImageData(width, height);
  for (const { area: [left, top, right, bottom], colour } of scene) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) image.data.set(lit(colour, x, y), (y * width + x) * 4);
    }
  }
  await openEncoder();
  return new Uint8Array(await encode(image, { quality: 75 }));
}

/** The light comes from the upper left. */
function lit(colour: Colour, x: number, y: number): number[] {
  const light = 1.06 - 0.1 * (x / width) - 0.12 * (y / height);
  return [...colour.map((channel) => Math.min(255, channel * light)), 255];
}

async function openEncoder(): Promise<void> {
  const file = createRequire(import.meta.url).resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm");
  await init(new WebAssembly.Module(await Deno.readFile(file)));
}
