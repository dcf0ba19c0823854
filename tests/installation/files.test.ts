import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeWhole } from "../../scripts/installation/files.ts";
import { Refusal } from "../../scripts/installation/refusal.ts";

let directory: string;
let isSmall = false;

beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-files-" });
  const args = ["-t", "tmpfs", "-o", "size=16k", "tmpfs", directory];
  isSmall = await new Deno.Command("mount", { args }).output().then(({ success }) => success, () => false);
});

afterAll(async () => {
  if (isSmall) await new Deno.Command("umount", { args: [directory] }).output();
  await Deno.remove(directory, { recursive: true });
});

describe("a file that is written whole", () => {
  it("replaces the one before with the mode it is to have, also after an attempt that broke off", async () => {
    const path = join(directory, "secret");
    await Deno.writeTextFile(`${path}.new`, "half", { mode: 0o400 });
    await writeWhole(path, "first", 0o440);
    await writeWhole(path, "second", 0o440);
    expect(await Deno.readTextFile(path)).toBe("second");
    expect((await Deno.stat(path)).mode! & 0o777).toBe(0o440);
  });

  it("leaves what was there on a full disk, and says so", async ({ skip }) => {
    if (!isSmall) skip("only root can make a small disk");
    const path = join(directory, "secret");
    await writeWhole(path, "kept");
    const failure = writeWhole(path, "x".repeat(64 * 1024));
    await expect(failure).rejects.toThrow(Refusal);
    await expect(failure).rejects.toThrow("The disk is full");
    expect(await Deno.readTextFile(path)).toBe("kept");
    expect([...Deno.readDirSync(directory)].map(({ name }) => name)).toEqual(["secret"]);
  });
});
