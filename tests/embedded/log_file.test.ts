import { join } from "node:path";
import { expect, it } from "vitest";
import { LogFile } from "../../scripts/embedded/log_file.ts";

it("keeps the newest lines of a talkative child and never more than its share of the disk", async () => {
  const directory = await Deno.makeTempDir();
  const log = new LogFile(join(directory, "serve.log"), { bytes: 1_000, files: 3 });
  for (let line = 0; line < 500; line++) log.write(new TextEncoder().encode(`line ${line}\n`));
  log.close();
  const files = (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort();
  expect(files).toEqual(["serve.log", "serve.log.1", "serve.log.2"]);
  for (const name of files) expect((await Deno.stat(join(directory, name))).size).toBeLessThanOrEqual(1_000);
  expect(log.lastLines(2)).toBe("line 498\nline 499");
  await Deno.remove(directory, { recursive: true });
});
