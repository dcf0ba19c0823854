import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Ledger } from "../../backup/ledger.ts";

const LABEL = "20261122-023000F", LATER = "20261122-023000F_20261122-143000D";
const bundle = `backup/data/${LABEL}/bundle/1`;
const manifest = `backup/data/${LABEL}/backup.manifest`;
const wal = (segment: string) => `archive/data/15-1/${segment.slice(0, 16)}/${segment}-${"a".repeat(40)}.zst`;
const [older, newer] = ["000000010000000000000005", "000000010000000000000006"].map(wal) as [string, string];
const info = "backup/data/backup.info";

let repository: string, ledger: Ledger;
beforeEach(async () => {
  const root = await Deno.makeTempDir({ prefix: "fleethold-ledger-test-" });
  onTestFinished(() => Deno.remove(root, { recursive: true }));
  repository = join(root, "repository");
  ledger = new Ledger(join(root, "ledger"), repository);
  for (const file of [bundle, manifest, older, newer, info]) await write(file, `content of ${file}`);
  await note();
});
const note = (labels = [LABEL], oldest = "000000010000000000000005") =>
  ledger.note(new Set(labels), new Map([["15-1", oldest]]));

describe("what every file of the repository was when it was new", () => {
  it("is found again byte by byte", async () => {
    const { files, bytes, findings } = await ledger.audit();
    expect(findings).toEqual([]);
    expect(files).toBe(5);
    expect(bytes).toBe([bundle, manifest, older, newer, info].join("").length + 5 * "content of ".length);
  });

  it("is missed by name: a file that changed by one byte, one that is shorter and one that is gone", async () => {
    await write(bundle, `Content of ${bundle}`);
    await write(manifest, "content");
    await Deno.remove(join(repository, newer));
    expect((await ledger.audit()).findings.sort()).toEqual([
      `${newer} is missing`,
      `${bundle} is damaged`,
      `${manifest} has 7 bytes and should have ${`content of ${manifest}`.length}`,
    ].sort());
  });

  it("is not taken down again from a file that was damaged meanwhile", async () => {
    await write(bundle, `Content of ${bundle}`);
    await note();
    expect((await ledger.audit()).findings).toEqual([`${bundle} is damaged`]);
  });

  it("is taken down of what is new", async () => {
    const file = `backup/data/${LATER}/bundle/1`;
    await write(file, "later");
    await note([LABEL, LATER]);
    await write(file, "lator");
    expect((await ledger.audit()).findings).toEqual([`${file} is damaged`]);
  });

  it("is not taken down of a backup that is unfinished, nor of files half written", async () => {
    await write(`backup/data/${LATER}/bundle/1`, "half");
    await write(`${newer}.tmp`, "half");
    await note();
    await Deno.remove(join(repository, `backup/data/${LATER}`), { recursive: true });
    await Deno.remove(join(repository, `${newer}.tmp`));
    expect((await ledger.audit()).findings).toEqual([]);
  });

  it("is forgotten of what was expired, and of that alone", async () => {
    await Deno.remove(join(repository, `backup/data/${LABEL}`), { recursive: true });
    await Deno.remove(join(repository, older));
    await write(`backup/data/${LATER}/bundle/1`, "later");
    expect((await ledger.audit()).findings).toHaveLength(3);
    await note([LATER], "000000010000000000000006");
    expect(await ledger.audit()).toMatchObject({ files: 3, findings: [] });
  });

  it("may change of the files that pgBackRest writes anew, at another moment only", async () => {
    const path = join(repository, info);
    await write(info, "content of another backup.info");
    await Deno.utime(path, new Date(), new Date(Date.now() + 2_000));
    expect((await ledger.audit()).findings).toEqual([]);
    await note();
    const { atime, mtime } = await Deno.stat(path);
    await write(info, "content of unother backup.info");
    await Deno.utime(path, atime!, mtime!);
    expect((await ledger.audit()).findings).toEqual([`${info} is damaged`]);
  });
});

async function write(file: string, text: string): Promise<void> {
  const path = join(repository, file);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}
