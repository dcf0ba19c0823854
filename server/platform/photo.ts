/// <reference lib="deno.unstable" /> the types of a worker's permissions
import { createRequire } from "node:module";
import { JpegFault, type JpegHeader, readJpegHeader } from "./jpeg.ts";
import type { Codecs, PhotoToClean, SandboxAnswer } from "./photo_worker.ts";

/** The bounds of one photo. Phones scale before they send, so an honest photo is far below all of them. */
export const photoLimits = {
  bytes: 8 * 1024 * 1024,
  pixels: 24_000_000,
  /** What our own driver app sends at most: it scales to 1600 pixels on the phone. */
  pixelsSentByPhones: 1600 * 1600,
  /** Photos kept are at most this long on their longer side, in pixels. */
  longerSide: 1600,
  /** JPEG quality of photos kept, 0 to 100. */
  quality: 75,
};

export type PhotoRefusal = "not-a-jpeg" | "too-large" | "too-many-pixels" | "damaged" | "busy" | "timeout";

/** A photo that is not taken. `message` is a sentence for the person who sent it, with the limit named. */
export class PhotoRefused extends Error {
  override name = "PhotoRefused";
  constructor(readonly reason: PhotoRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Turns an uploaded JPEG into one that is safe to keep and show: newly encoded from its pixels, upright, at most
 * 1600 pixels long, without any metadata (position, device, preview). Checked by content before it is decoded
 * (ASVS 5.0 5.2.1, 5.2.2, 5.2.6), decoded in a worker without permissions.
 *
 * @throws {PhotoRefused} with the reason as a word and as a sentence
 */
export function cleanPhoto(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return darkroom.clean(bytes);
}

/** Ends the photo worker for an orderly shutdown: photos under way or waiting are refused, a later one starts it anew. */
export function closeDarkroom(): void {
  darkroom.close();
  darkroom = new Darkroom();
}

/** How a {@link Darkroom} spends its time: `timeout` and `idle` in milliseconds, `waiting` in photos. */
export interface DarkroomHours {
  /** A photo that takes longer is refused, and the worker replaced. */
  timeout: number;
  /** A worker without a photo for so long is ended, to give its memory back. */
  idle: number;
  /** Photos that may wait while one is worked on. */
  waiting: number;
}

/** One sandboxed worker and the line in front of it: photos are cleaned one at a time, in the order they came. */
export class Darkroom {
  #hours: DarkroomHours;
  #worker: Worker | undefined;
  #inside = 0;
  #line: Promise<unknown> = Promise.resolve();
  #current: AbortController | undefined;
  #closed = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(hours: Partial<DarkroomHours> = {}) {
    this.#hours = { timeout: 10_000, idle: 60_000, waiting: 8, ...hours };
  }

  /** @throws {PhotoRefused} */
  async clean(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const pixels = countPixels(bytes);
    const { waiting } = this.#hours;
    if (this.#inside > waiting) {
      throw new PhotoRefused(
        "busy",
        `${waiting} photos are waiting already; send this one again in a minute.`,
      );
    }
    this.#inside++;
    const cleaned = this.#line.then(() => this.#develop(bytes, pixels)).finally(() => this.#inside--);
    this.#line = cleaned.catch(() => {}); // the sender is told; the next in line comes either way
    return await cleaned;
  }

  /** Whether a worker is held at the moment. */
  get open(): boolean {
    return this.#worker !== undefined;
  }

  /** Ends the worker for good; photos under way or waiting are refused. */
  close(): void {
    this.#closed = true;
    this.#current?.abort(closing());
    this.#dismissWorker();
  }

  async #develop(bytes: Uint8Array, pixels: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#closed) throw closing();
    clearTimeout(this.#rest);
    const { timeout, idle } = this.#hours;
    const current = this.#current = new AbortController();
    const patience = setTimeout(() => current.abort(tooSlow(timeout)), timeout);
    try {
      const worker = this.#worker ??= await startWorker(current.signal);
      const { longerSide, quality } = photoLimits;
      const answer = await ask(worker, { photo: bytes.slice(), longerSide, quality }, current.signal);
      if (!("cleaned" in answer)) throw damaged("failed" in answer ? answer.failed : "it came back unread");
      // WebAssembly memory grows and never shrinks: only a worker that stayed small is worth keeping.
      if (pixels > photoLimits.pixelsSentByPhones) this.#dismissWorker();
      return answer.cleaned;
    } catch (error) {
      // A decoder that stumbled is not trusted with the next person's photo.
      this.#dismissWorker();
      throw error;
    } finally {
      clearTimeout(patience);
      if (this.#worker) this.#rest = setTimeout(() => this.#dismissWorker(), idle);
    }
  }

  #dismissWorker(): void {
    clearTimeout(this.#rest);
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

let darkroom = new Darkroom();

/** Refuses all that can be refused without decoding, so that a bomb costs no more than its upload. */
function countPixels(bytes: Uint8Array): number {
  if (bytes.length > photoLimits.bytes) {
    throw new PhotoRefused("too-large", `The photo is larger than ${photoLimits.bytes / 1024 / 1024} MB.`);
  }
  const { width, height } = headerOf(bytes);
  if (width * height > photoLimits.pixels) {
    throw new PhotoRefused(
      "too-many-pixels",
      `The photo has ${width} by ${height} pixels; at most ${
        photoLimits.pixels / 1_000_000
      } megapixels are taken.`,
    );
  }
  return width * height;
}

function headerOf(bytes: Uint8Array): JpegHeader {
  try {
    return readJpegHeader(bytes);
  } catch (error) {
    if (!(error instanceof JpegFault)) throw error;
    if (error.kind === "damaged") throw damaged(error.message);
    throw new PhotoRefused("not-a-jpeg", "The file is not a JPEG photo; only JPEG photos are taken.", {
      cause: error,
    });
  }
}

/** A worker that may do nothing but compute: no file, no network, no environment, no process. */
async function startWorker(signal: AbortSignal): Promise<Worker> {
  const worker = new Worker(new URL("./photo_worker.ts", import.meta.url), {
    type: "module",
    name: "darkroom",
    deno: { permissions: "none" },
  });
  try {
    const answer = await ask(worker, await readCodecs(), signal);
    if ("failed" in answer) throw new Error(`The photo sandbox did not start: ${answer.failed}`);
    return worker;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Sends one message and waits for the one answer. Fails with the signal's reason, or when the worker breaks down. */
async function ask(
  worker: Worker,
  message: Codecs | PhotoToClean,
  signal: AbortSignal,
): Promise<SandboxAnswer> {
  const answer = Promise.withResolvers<SandboxAnswer>();
  worker.onmessage = (event: MessageEvent<SandboxAnswer>) => answer.resolve(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    answer.reject(new Error(`The photo sandbox broke down: ${event.message}`));
  };
  const giveUp = () => answer.reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  worker.postMessage(message);
  return await answer.promise;
}

async function readCodecs(): Promise<Codecs> {
  const { resolve } = createRequire(import.meta.url);
  const [decoder, encoder] = await Promise.all([
    Deno.readFile(resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")),
    Deno.readFile(resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm")),
  ]);
  return { decoder, encoder };
}

function damaged(how: string): PhotoRefused {
  return new PhotoRefused("damaged", `The photo cannot be read: ${how}.`);
}

function tooSlow(timeout: number): PhotoRefused {
  return new PhotoRefused("timeout", `The photo took longer than ${timeout / 1000} seconds to read.`);
}

function closing(): PhotoRefused {
  return new PhotoRefused("busy", "The server is shutting down; send the photo again in a minute.");
}
