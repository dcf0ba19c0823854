import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { segmentOf } from "../../backup/log_segments.ts";

/** This cluster, and one whose log lies beside it in the same repository. */
const SYSTEM = 7_601_234_567_890_123_456n, EARLIER = 7_501_234_567_890_123_456n;

const script = new URL("../../backup/fetch_log.sh", import.meta.url).pathname;

describe("a piece of the log that PostgreSQL asks for while it restores", () => {
  it("comes from the repository", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole");
    expect(await place.fetch("000000010000000000000008")).toEqual({ code: 0, brought: "whole", said: "" });
  });

  it("stops the restore when it is damaged, which pgBackRest does not notice", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole", "damaged");
    const { code, brought, said } = await place.fetch("000000010000000000000008");
    expect([code, brought]).toEqual([255, undefined]);
    expect(said).toContain(
      "000000010000000000000008 is damaged, and there is no other copy; restore to a moment before it",
    );
  });

  it("comes from the stream when it is damaged in the repository", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole", "damaged");
    await place.stream("000000010000000000000008", "whole");
    expect(await place.fetch("000000010000000000000008")).toMatchObject({ code: 0, brought: "whole" });
  });

  it("stops the restore when it is damaged in the stream as well", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole", "damaged");
    await place.stream("000000010000000000000008", "hole");
    expect(await place.fetch("000000010000000000000008")).toMatchObject({ code: 255, brought: undefined });
  });

  it("comes whole from a later stream when an earlier one was cut in the middle of it", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole", "damaged");
    await place.stream("000000010000000000000008.partial", "who", { folder: `${SYSTEM}-1` });
    await place.stream("000000010000000000000008", "whole", { folder: `${SYSTEM}-1-later` });
    expect(await place.fetch("000000010000000000000008")).toMatchObject({ code: 0, brought: "whole" });
  });

  it("comes from the stream, where the last one is unfinished, when the archive has not got it yet", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole");
    await place.stream("000000010000000000000009.partial", "begun");
    expect(await place.fetch("000000010000000000000009")).toMatchObject({ code: 0, brought: "begun" });
  });

  it("is the end of the log when there is nothing later", async () => {
    const place = await prepare();
    await place.archive("000000010000000000000008", "whole");
    expect(await place.fetch("000000010000000000000009")).toEqual({ code: 1, brought: undefined, said: "" });
  });

  it("stops the restore when it is missing and any later one exists, whatever their numbers", async () => {
    const place = await prepare();
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 * 256 }),
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom("archive" as const, "stream" as const, "begun" as const),
        async (number, distance, where) => {
          await place.clear();
          const [missing, later] = [segmentOf(1, number), segmentOf(1, number + distance)];
          if (where === "archive") await place.archive(later, "later");
          if (where === "stream") await place.stream(later, "later");
          if (where === "begun") await place.stream(`${later}.partial`, "later");
          const { code, said } = await place.fetch(missing);
          expect([code, said]).toEqual([
            255,
            `fetch_log: ${missing} is missing although ${later} exists; restore to a moment before it\n`,
          ]);
        },
      ),
      // Both are decimal numbers that no double tells apart: a comparison by number would find nothing later.
      { numRuns: 10, examples: [[8, 1, "archive"], [0x10, 1, "stream"]] },
    );
  });

  it("is the end of the log when only another timeline goes on", async () => {
    const place = await prepare();
    await place.archive("00000002000000000000000A", "another");
    expect(await place.fetch("000000010000000000000009")).toMatchObject({ code: 1 });
  });

  it("is never one of an earlier cluster, whose log has the same names", async () => {
    const place = await prepare();
    await place.stream("000000010000000000000003", "earlier", { folder: `${EARLIER}-1` });
    await place.archive("000000010000000000000003", "earlier", "earlier", "15-1");
    await place.archive("000000010000000000000004", "earlier", "earlier", "15-1");
    expect(await place.fetch("000000010000000000000003")).toMatchObject({ code: 1, brought: undefined });
    await place.archive("000000010000000000000003", "ours");
    expect(await place.fetch("000000010000000000000003")).toMatchObject({ code: 0, brought: "ours" });
  });

  it("stops the restore when the repository went away", async () => {
    const place = await prepare();
    await place.breakRepository();
    for (const file of ["000000010000000000000009", "00000002.history"]) {
      expect(await place.fetch(file)).toMatchObject({ code: 255, brought: undefined });
    }
  });
});

describe("a timeline's history that PostgreSQL asks for", () => {
  it("comes from the repository, or does not exist", async () => {
    const place = await prepare();
    await place.archive("00000002.history", "1\t0/8000000\tbefore");
    expect(await place.fetch("00000002.history")).toMatchObject({ code: 0, brought: "1\t0/8000000\tbefore" });
    expect(await place.fetch("00000003.history")).toMatchObject({ code: 1, brought: undefined });
  });
});

/** A repository of plain files, and a pgBackRest that hands them out whatever they hold. */
async function prepare() {
  const root = await Deno.makeTempDir({ prefix: "fleethold-fetch-log-test-" });
  onTestFinished(() => Deno.remove(root, { recursive: true }));
  const [repository, streamed, cluster, handed] = ["repository", "streamed", "pgdata", "handed"]
    .map((name) => join(root, name)) as [string, string, string, string];
  await Deno.mkdir(join(cluster, "global"), { recursive: true });
  await Deno.writeFile(
    join(cluster, "global/pg_control"),
    new Uint8Array(new BigUint64Array([SYSTEM, 1n]).buffer),
  );
  await Deno.mkdir(join(root, "bin"));
  await Deno.writeTextFile(
    join(root, "bin/pgbackrest"),
    `#!/bin/sh
[ ! -e "${root}/broken" ] || { echo "ERROR: [055]: unable to load info file" >&2; exit 55; }
while [ $# -gt 0 ]; do
  case $1 in
    info) printf '[{"backup":[],"db":[%s,%s],"name":"data"}]' \
      '{"id":1,"repo-key":1,"system-id":${EARLIER},"version":"15"}' \
      '{"id":2,"repo-key":1,"system-id":${SYSTEM},"version":"15"}'; exit 0 ;;
    archive-get) [ -e "${handed}/$2" ] || exit 1; cp "${handed}/$2" "$3"; exit 0 ;;
  esac
  shift
done
exit 2
`,
    { mode: 0o755 },
  );
  const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
  const place = {
    /** @param handedOut what pgBackRest makes of it, where the file is damaged */
    async archive(file: string, content: string, handedOut = content, part = "15-2") {
      const folder = join(repository, "archive/data", part, file.slice(0, 16));
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(
        join(folder, file.endsWith(".history") ? file : `${file}-${sha1(content)}.zst`),
        content,
      );
      if (part !== "15-2") return;
      await Deno.mkdir(handed, { recursive: true });
      await Deno.writeTextFile(join(handed, file), handedOut);
    },
    async stream(file: string, content: string, { folder = `${SYSTEM}-1` } = {}) {
      await Deno.mkdir(join(streamed, folder), { recursive: true });
      await Deno.writeTextFile(join(streamed, folder, file), content);
    },
    async breakRepository() {
      await Deno.remove(repository, { recursive: true }).catch(() => {});
      await Deno.writeTextFile(join(root, "broken"), "");
    },
    async clear() {
      for (const folder of [repository, streamed, handed]) {
        await Deno.remove(folder, { recursive: true }).catch(() => {});
      }
    },
    async fetch(file: string) {
      const wanted = join(cluster, "wanted");
      await Deno.remove(wanted).catch(() => {});
      const { code, stderr } = await new Deno.Command("sh", {
        args: [script, join(root, "config"), "data", repository, streamed, file, wanted],
        cwd: cluster,
        env: { PATH: `${join(root, "bin")}:${Deno.env.get("PATH")}` },
      }).output();
      const brought = await Deno.readTextFile(wanted).catch(() => undefined);
      return { code, brought, said: new TextDecoder().decode(stderr) };
    },
  };
  return place;
}
