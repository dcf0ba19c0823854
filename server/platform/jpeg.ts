/** What a JPEG says of itself before anybody decodes it. Lengths in pixels. */
export interface JpegHeader {
  width: number;
  height: number;
}

/** The bytes are not a JPEG (`kind: "not-a-jpeg"`), or one that breaks off or contradicts itself (`"damaged"`). */
export class JpegFault extends Error {
  override name = "JpegFault";
  constructor(readonly kind: "not-a-jpeg" | "damaged", message: string) {
    super(message);
  }
}

const marker = {
  start: 0xd8,
  end: 0xd9,
  scan: 0xda,
  /** TEM and RST0 to RST7 stand alone: no length follows them. */
  standsAlone: (code: number) => code === 0x01 || (code >= 0xd0 && code <= 0xd7),
  /** SOF0 to SOF15; 0xC4, 0xC8 and 0xCC in the same range mean something else. */
  frame: (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code),
  /** Baseline, extended and progressive Huffman: what cameras and browsers write. */
  ordinaryFrame: (code: number) => code >= 0xc0 && code <= 0xc2,
};

/**
 * Walks the marker segments of a JPEG (ITU-T T.81, annex B) up to its first scan and returns the size its frame
 * header claims. Decodes nothing and allocates nothing.
 *
 * @throws {JpegFault} when the bytes are no JPEG, break off, or claim no pixels
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  if (bytes[0] !== 0xff || bytes[1] !== marker.start || bytes[2] !== 0xff) {
    throw new JpegFault("not-a-jpeg", "the file does not begin as a JPEG does");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: JpegHeader | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (view.getUint8(at) !== 0xff) throw new JpegFault("damaged", "a segment does not begin with a marker");
    const code = view.getUint8(at + 1);
    if (code === 0xff) { // fill byte
      at += 1;
      continue;
    }
    if (marker.standsAlone(code)) {
      at += 2;
      continue;
    }
    if (code === marker.end) throw new JpegFault("damaged", "the file holds no picture");
    const length = view.getUint16(at + 2);
    const next = at + 2 + length;
    if (length < 2 || next > bytes.length) throw new JpegFault("damaged", "the file breaks off");
    if (marker.frame(code)) {
      if (header) throw new JpegFault("damaged", "the file announces two pictures");
      header = readFrame(code, view, at + 4, length - 2);
    }
    if (code === marker.scan) {
      if (!header) throw new JpegFault("damaged", "the file does not say how large the picture is");
      // A preview inside the metadata has an end of its own; only one after the scan ends this picture.
      if (!endsAfter(bytes, next)) throw new JpegFault("damaged", "the file breaks off");
      return header;
    }
    at = next;
  }
  throw new JpegFault("damaged", "the file breaks off");
}

function readFrame(code: number, view: DataView, at: number, length: number): JpegHeader {
  if (!marker.ordinaryFrame(code)) throw new JpegFault("not-a-jpeg", "no camera writes this kind of JPEG");
  if (length < 6) throw new JpegFault("damaged", "the frame header is too short");
  const header = { height: view.getUint16(at + 1), width: view.getUint16(at + 3) };
  if (header.width === 0 || header.height === 0) throw new JpegFault("damaged", "the picture has no size");
  return header;
}

function endsAfter(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === marker.end) return true;
  }
  return false;
}
