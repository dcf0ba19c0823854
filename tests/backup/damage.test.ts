import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numberOf, segmentOf, timelineOf } from "../../backup/log_segments.ts";
import { RestoreFailed } from "../../backup/restored_copy.ts";
import { Found } from "../../backup/work.ts";
import { flipByte, Site, until, withDamage, type Workshop } from "./site.ts";

const ROWS = 200;
let site: Site, workshop: Workshop;
/** Pieces of the log that were written after the backup, `ROWS` rows in each. */
const segments: string[] = [];
const all = () => new Set(Array.from({ length: segments.length * ROWS }, (_, index) => index + 1));

beforeAll(async () => {
  site = await Site.start();
  workshop = site.workshop();
  await workshop.do("full");
  await workshop.do("full", "keys");
  const receiver = site.receiver();
  receiver.start();
  await until("the log is received", () => receiver.failure === null);
  for (let count = 0; count < 4; count++) segments.push(await site.write(ROWS));
  await site.archived(segments.at(-1)!);
  await until("the stream has it too", async () => (await streamedFile(segments.at(-1)!)) !== undefined);
  await receiver.stop();
});
afterAll(() => site?.end());

describe("a piece of the log that is damaged in the repository", () => {
  it("ends a restore to the latest moment, wherever in it the damage is, and never lets rows be missing", async () => {
    const damaged = segments[1]!;
    let refusals = 0;
    for (const share of [0, 0.5, 0.9]) {
      await withDamage(await site.fileOf(damaged), (path) => flipByte(path, share), async () => {
        const outcome = await site.restored().catch((error) => error);
        // Where the damage leaves the content as it was, all rows are there.
        if (outcome instanceof Set) return expect(outcome).toEqual(all());
        refusals++;
        expect(outcome).toBeInstanceOf(RestoreFailed);
        expect(outcome.message).toContain(
          `${damaged} is damaged, and there is no other copy; restore to a moment before it`,
        );
      });
    }
    expect(refusals).toBeGreaterThanOrEqual(2);
  });

  it("costs nothing where the stream still has it", async () => {
    await withDamage(await site.fileOf(segments[1]!), (path) => flipByte(path, 0.5), async () => {
      expect(await site.restored({ streamed: true })).toEqual(all());
    });
  });

  it("is named by a verification", async () => {
    const path = await site.fileOf(segments[1]!);
    await workshop.do("verification", null);
    await withDamage(path, (path) => flipByte(path, 0.5), async () => {
      expect((await findings()).join("\n")).toContain(path.slice(path.indexOf("archive/")));
    });
  });
});

describe("a piece of the log that is missing in the repository although later ones are there", () => {
  it("ends a restore to the latest moment by its name", async () => {
    await without(await site.fileOf(segments[2]!), async () => {
      await expect(site.restored()).rejects.toThrow(
        `${segments[2]} is missing although ${segments[3]} exists; restore to a moment before it`,
      );
    });
  });

  it("costs nothing where the stream still has it", async () => {
    await without(await site.fileOf(segments[2]!), async () => {
      expect(await site.restored({ streamed: true })).toEqual(all());
    });
  });

  it("is told by the state and by a verification", async () => {
    await without(await site.fileOf(segments[2]!), async () => {
      await workshop.standing.data.lookAtRepository();
      expect((await workshop.standing.data.published()).log.gap).toBe(segments[2]);
      expect(workshop.standing.data.gapSinceBackup).toBe(segments[2]);
      expect(await findings()).toContain(
        `data: archive/data lacks ${segments[2]} of the log although later pieces are there`,
      );
    });
    await workshop.standing.data.lookAtRepository();
    expect((await workshop.standing.data.published()).log.gap).toBeNull();
  });
});

describe("the last piece of the log, which only the stream has", () => {
  it("ends a restore when it is damaged and the log went on after it", async () => {
    const [last, path] = [segments[2]!, (await streamedFile(segments[2]!))!];
    // As after an outage of the archive: neither this piece nor the next was archived.
    const archived = [await site.fileOf(last), await site.fileOf(segments[3]!)] as [string, string];
    await without(
      archived[0],
      () =>
        without(archived[1], () =>
          withDamage(path, (path) => flipByte(path, 0.0005), async () => {
            await expect(site.restored({ streamed: true })).rejects.toThrow(
              `The log ends in ${last} although ${segmentOf(timelineOf(last), numberOf(last) + 1)} exists`,
            );
          })),
    );
  });
});

describe("a damaged repository", () => {
  it("is found by a verification, which names the file: a bundle, a manifest, or either's copy", async () => {
    await workshop.do("verification", null);
    const files = [
      ...(await site.repositoryFiles(/backup\/data\/.*\/bundle\/\d+$/)).slice(0, 1),
      ...await site.repositoryFiles(/backup\/data\/\d[^/]*\/backup\.manifest(\.copy)?$/),
    ];
    expect(files).toHaveLength(3);
    const said = await withAll(files, findings);
    for (const file of files) {
      expect(said).toContain(`data: ${file.slice(file.indexOf("backup/data/"))} is damaged`);
    }
  });

  it("still restores with one copy of backup.info or archive.info damaged, and a verification names that", async () => {
    for (const files of [/(backup|archive)\.info$/, /(backup|archive)\.info\.copy$/]) {
      await withAll(await site.repositoryFiles(files), async () => {
        const said = (await findings()).join("\n");
        expect(said).toContain("data: archive/data/archive.info");
        expect(said).toContain("data: backup/data/backup.info");
      });
    }
    await withAll(await site.repositoryFiles(/(backup|archive)\.info$/), async () => {
      expect(await site.restored()).toEqual(all());
    });
  });

  it("with both copies of backup.info damaged counts as none, and a verification says why", async () => {
    await withAll(await site.repositoryFiles(/backup\.info(\.copy)?$/), async () => {
      await expect(workshop.standing.data.lookAtRepository()).rejects.toThrow("backup.info");
      expect((await workshop.standing.data.published()).backups).toEqual([]);
      for (const kind of ["verification", "full"] as const) {
        await expect(workshop.do(kind, "data")).rejects.toThrow(
          /^pgBackRest info: unable to load info file '.*backup\.info' or '.*backup\.info\.copy'$/,
        );
      }
    });
    await workshop.standing.data.lookAtRepository();
    expect((await workshop.standing.data.published()).backups).toHaveLength(1);
  });

  it("whose copies of archive.info are both damaged is named, and no restore lacks rows for it", async () => {
    await withAll(await site.repositoryFiles(/archive\.info(\.copy)?$/), async () => {
      await expect(workshop.do("verification", null)).rejects.toThrow("archive.info");
      await expect(site.restored({ streamed: true })).rejects.toThrow();
    });
  });
});

describe("a page of the live cluster that is damaged on disk", () => {
  it("makes the backup of it fail by name, although pgBackRest calls it done", async () => {
    await site.sql("create table rotten as select n, md5(n::text) as words from generate_series(1, 2000) n");
    const [{ path }] = await site.sql<{ path: string }>("select pg_relation_filepath('rotten') as path") as [
      { path: string },
    ];
    await site.sql("checkpoint");
    await site.stopCluster("data");
    await flipByte(join(site.filesOf("data"), path), 0.4);
    await site.startCluster("data");
    const failure = await workshop.do("full").catch((error) => error) as Found;
    expect(failure).toBeInstanceOf(Found);
    expect(failure.message).toContain(`The backup ${failure.figures.label} was made and is not sound`);
    expect(failure.findings).toContain(
      `${failure.figures.label} was made from pages of the live cluster whose checksums are wrong`,
    );
    await workshop.standing.data.lookAtRepository();
    expect((await workshop.standing.data.published()).backups.at(-1)).toMatchObject({
      label: failure.figures.label,
      sound: false,
    });
  });
});

/** What a verification finds; none when all is well. */
async function findings(): Promise<string[]> {
  try {
    await workshop.do("verification", null);
    return [];
  } catch (error) {
    if (error instanceof Found) return error.findings;
    throw error;
  }
}

/** Runs with a byte of each file turned into another, and each at a place of its own. */
async function withAll<T>([file, ...others]: string[], act: () => Promise<T>, share = 0.6): Promise<T> {
  if (!file) return await act();
  return await withDamage(file, (path) => flipByte(path, share), () => withAll(others, act, share - 0.1));
}

async function streamedFile(name: string): Promise<string | undefined> {
  const root = site.parts.places.streamed("data");
  for await (const { name: folder } of Deno.readDir(root)) {
    const path = join(root, folder, name);
    if (await Deno.stat(path).catch(() => undefined)) return path;
  }
}

/** Runs with a file taken away. */
async function without<T>(path: string, act: () => Promise<T>): Promise<T> {
  const taken = join(site.folder, basename(path));
  await Deno.rename(path, taken);
  try {
    return await act();
  } finally {
    await Deno.rename(taken, path);
  }
}
