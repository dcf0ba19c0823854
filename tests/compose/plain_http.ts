/** Sends text over plain TCP and answers all that came back; `fetch` would not let us choose the Host. */
export async function plain(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  let heard = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  for (let size = await connection.read(buffer); size !== null; size = await connection.read(buffer)) {
    heard += decoder.decode(buffer.subarray(0, size), { stream: true });
  }
  return heard;
}
