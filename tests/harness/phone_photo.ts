/** A JPEG as a phone writes it: an EXIF segment with its model and the place (CIPA DC-008, TIFF little-endian). */
export function withPosition(jpeg: Uint8Array): Uint8Array {
  const model = "Pocketphone 9\0";
  const tiff = new DataView(new ArrayBuffer(128));
  const ifd = (at: number, entries: [tag: number, type: number, count: number, value: number][]) => {
    tiff.setUint16(at, entries.length, true);
    for (const [index, [tag, type, count, value]] of entries.entries()) {
      const entry = at + 2 + index * 12;
      tiff.setUint16(entry, tag, true);
      tiff.setUint16(entry + 2, type, true);
      tiff.setUint32(entry + 4, count, true);
      tiff.setUint32(entry + 8, value, true);
    }
  };
  tiff.setUint32(0, 0x002a_4949, true);
  tiff.setUint32(4, 8, true);
  ifd(8, [[0x0110, 2, model.length, 64], [0x8825, 4, 1, 38]]); // Model, and where the GPS directory is
  ifd(38, [[0x0001, 2, 2, "N".charCodeAt(0)], [0x0002, 5, 1, 96]]); // latitude: north, and its degrees
  new Uint8Array(tiff.buffer).set(new TextEncoder().encode(model), 64);
  new Uint8Array(tiff.buffer).set(new TextEncoder().encode("GPS"), 110);
  tiff.setUint32(96, 52, true);
  tiff.setUint32(100, 1, true);
  const payload = [...new TextEncoder().encode("Exif\0\0"), ...new Uint8Array(tiff.buffer)];
  const length = payload.length + 2;
  return Uint8Array.from([
    ...jpeg.slice(0, 2),
    0xff,
    0xe1,
    length >> 8,
    length & 0xff,
    ...payload,
    ...jpeg.slice(2),
  ]);
}
