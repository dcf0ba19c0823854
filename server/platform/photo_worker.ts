/**
 * The inside of the photo sandbox: everything that touches the pixels of a stranger's file runs here, in a worker
 * without a single permission. It is handed the two codecs, then one photo after the other; see photo.ts for the
 * outside and docs/decisions/0005-photos-in-a-sandbox.md for the reasons.
 */
import decode, { init as initDecoder } from "@jsquash/jpeg/decode.js";
import encode, { init as initEncoder } from "@jsquash/jpeg/encode.js";

/** First message in: the WebAssembly of both codecs, which a sandbox without read access cannot fetch itself. */
export interface Codecs {
  decoder: Uint8Array<ArrayBuffer>;
  encoder: Uint8Array<ArrayBuffer>;
}

/** Every later message in: one photo. `longerSide` in pixels, `quality` 0 to 100. */
export interface PhotoToClean {
  photo: Uint8Array<ArrayBuffer>;
  longerSide: number;
  quality: number;
}

/** Messages out: one `ready`, then one answer for each photo. */
export type SandboxAnswer = { ready: true } | { cleaned: Uint8Array<ArrayBuffer> } | { failed: string };

const sandbox = self as unknown as {
  onmessage: (event: MessageEvent<Codecs | PhotoToClean>) => Promise<void>;
  postMessage(answer: SandboxAnswer, transfer?: Transferable[]): void;
};

sandbox.onmessage = async ({ data }) => {
  try {
    if ("decoder" in data) {
      refuseFreedom();
      await openCodecs(data);
      sandbox.postMessage({ ready: true });
    } else {
      const cleaned = await clean(data);
      sandbox.postMessage({ cleaned }, [cleaned.buffer]);
    }
  } catch (error) {
    sandbox.postMessage({ failed: error instanceof Error ? error.message : "the decoder gave up" });
  }
};

/** Fails when this worker was started with any permission: a sandbox that is none must not go unnoticed. */
function refuseFreedom(): void {
  const names = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
  const granted = names.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
  if (granted.length > 0) throw new Error(`it was started with ${granted.join(", ")} allowed`);
}

async function openCodecs({ decoder, encoder }: Codecs): Promise<void> {
  // The package's types know only Emscripten's options; its code takes the compiled module first, then the options.
  type Init = (module: WebAssembly.Module, options: { printErr: () => void }) => Promise<void>;
  const quiet = { printErr: () => {} }; // libjpeg prints a line for each fault of a stranger's file
  await (initDecoder as unknown as Init)(new WebAssembly.Module(decoder), quiet);
  await (initEncoder as unknown as Init)(new WebAssembly.Module(encoder), quiet);
}

/** Only pixels pass from the old file into the new one, so no metadata can: position, device, date, preview. */
async function clean({ photo, longerSide, quality }: PhotoToClean): Promise<Uint8Array<ArrayBuffer>> {
  const pixels = await decode(photo.buffer, { preserveOrientation: true });
  return new Uint8Array(await encode(shrink(pixels, longerSide), { quality })).slice();
}

/**
 * Scales down so that the longer side is at most `longerSide` pixels; never up. Each new pixel is the mean of the
 * area it covers. Works row by row: beside input and output it holds two rows.
 */
export function shrink(from: ImageData, longerSide: number): ImageData {
  const scale = longerSide / Math.max(from.width, from.height);
  if (scale >= 1) return from;
  const width = Math.max(1, Math.round(from.width * scale));
  const height = Math.max(1, Math.round(from.height * scale));
  const to = new Uint8ClampedArray(width * height * 4).fill(255);
  const rowsPerRow = from.height / height;
  const narrowed = new Float64Array(width * 3);
  const sum = new Float64Array(width * 3);
  let row = 0;
  for (let y = 0; y < from.height; y++) {
    narrow(from, y, width, narrowed);
    const border = (row + 1) * rowsPerRow;
    const above = Math.min(1, border - y); // the share of this row that still belongs to the current new row
    for (let i = 0; i < sum.length; i++) sum[i]! += narrowed[i]! * above;
    if (y + 1 < border && y + 1 < from.height) continue;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) to[(row * width + x) * 4 + c] = sum[x * 3 + c]! / rowsPerRow;
    }
    row++;
    for (let i = 0; i < sum.length; i++) sum[i] = narrowed[i]! * (1 - above);
  }
  return new ImageData(to, width, height);
}

/** One row of `from`, averaged to `width` pixels of red, green and blue, into `into`. */
function narrow(from: ImageData, y: number, width: number, into: Float64Array): void {
  const columnsPerColumn = from.width / width;
  const start = y * from.width * 4;
  for (let x = 0; x < width; x++) {
    const left = x * columnsPerColumn;
    const right = Math.min(from.width, left + columnsPerColumn);
    let red = 0, green = 0, blue = 0;
    for (let column = Math.floor(left); column < right; column++) {
      const share = Math.min(column + 1, right) - Math.max(column, left);
      const pixel = start + column * 4;
      red += from.data[pixel]! * share;
      green += from.data[pixel + 1]! * share;
      blue += from.data[pixel + 2]! * share;
    }
    into[x * 3] = red / columnsPerColumn;
    into[x * 3 + 1] = green / columnsPerColumn;
    into[x * 3 + 2] = blue / columnsPerColumn;
  }
}
