/**
 * A child's log on disk, bounded: when the file would grow beyond its share it becomes `.1`, the former `.1` becomes
 * `.2`, and so on; the oldest is dropped. Writes are synchronous, so a crash of the launcher loses none.
 */
export class LogFile {
  #file: Deno.FsFile;
  #size: number;
  #tail = "";

  constructor(readonly path: string, readonly limits = { bytes: 10 * 1024 * 1024, files: 3 }) {
    this.#file = open(path);
    this.#size = this.#file.statSync().size;
  }

  /** Copies what a child writes until it closes the stream. */
  async drain(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) this.write(chunk);
  }

  write(chunk: Uint8Array): void {
    if (this.#size > 0 && this.#size + chunk.length > this.limits.bytes) this.#rotate();
    let written = 0;
    while (written < chunk.length) written += this.#file.writeSync(chunk.subarray(written));
    this.#size += chunk.length;
    this.#tail = (this.#tail + new TextDecoder().decode(chunk)).slice(-4096);
  }

  /** The last lines written by this process, for a message about a child that died. */
  lastLines(count: number): string {
    return this.#tail.trimEnd().split("\n").slice(-count).join("\n");
  }

  close(): void {
    this.#file.close();
  }

  #rotate(): void {
    this.#file.close();
    for (let age = this.limits.files - 1; age >= 1; age--) {
      const younger = age === 1 ? this.path : `${this.path}.${age - 1}`;
      try {
        Deno.renameSync(younger, `${this.path}.${age}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    this.#file = open(this.path);
    this.#size = 0;
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
}
