import fc from "fast-check";
import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { openBytes, SealBroken, sealBytes } from "../../server/platform/seal.ts";

const key = new Uint8Array(32).fill(7);
const plain = Buffer.from("Mara Beispiel, Ahornallee 12");

it("what is sealed opens again at its place under its key, and never looks the same twice", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
    const sealed = sealBytes(key, "deliveries/1", bytes);
    expect(new Uint8Array(openBytes(key, "deliveries/1", sealed))).toEqual(bytes);
    expect(sealBytes(key, "deliveries/1", bytes)).not.toEqual(sealed);
  }));
});

it("a value moved to another row, opened with another person's key, or changed in any bit does not open", () => {
  const sealed = sealBytes(key, "deliveries/1", plain);
  expect(() => openBytes(key, "deliveries/2", sealed)).toThrow(SealBroken);
  expect(() => openBytes(new Uint8Array(32).fill(8), "deliveries/1", sealed)).toThrow(SealBroken);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => openBytes(key, "deliveries/1", changed), `bit ${bit}`).toThrow(SealBroken);
  }
});

it("a cut value does not open, however little is left", () => {
  const sealed = sealBytes(key, "deliveries/1", plain);
  for (let length = 0; length < sealed.length; length++) {
    expect(() => openBytes(key, "deliveries/1", sealed.subarray(0, length)), `${length} bytes`).toThrow(
      SealBroken,
    );
  }
});
