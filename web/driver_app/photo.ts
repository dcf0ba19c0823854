const LONGEST_SIDE = 1600;
const QUALITY = 0.8;

/**
 * A photo made anew from its pixels: upright, at most 1,600 pixels long, JPEG. What the camera wrote beside the pixels,
 * the place it was taken at among it, stays on the phone.
 * @throws DOMException when the file is no picture this browser can read
 */
export async function cleanPhoto(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return await new Promise((resolve, reject) => {
    canvas.toBlob(
      (photo) =>
        photo === null ? reject(new DOMException("No JPEG could be made", "EncodingError")) : resolve(photo),
      "image/jpeg",
      QUALITY,
    );
  });
}
