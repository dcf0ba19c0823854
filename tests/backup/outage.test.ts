import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Receiver } from "../../backup/receiver.ts";
import { isUnreachable } from "../../server/platform/database.ts";
import { pause, Site, until, type Workshop } from "./site.ts";

let site: Site, receiver: Receiver, workshop: Workshop;
beforeAll(async () => {
  site = await Site.start();
  receiver = site.receiver();
  workshop = site.workshop({ receiver });
  await workshop.do("full");
  receiver.start();
  await isReceiving();
});
afterAll(() => site?.end());

describe("a repository that is away for long while people work", () => {
  it("costs nobody a change, is told, and holds everything once it is back", async () => {
    const { places } = site.parts;
    const before = await site.write(10);
    await site.archived(before);
    const away = `${places.repositories}-away`;
    await Deno.rename(places.repositories, away);
    const writers = write(4);
    const waiting: string[] = [];
    try {
      for (let count = 0; count < 4; count++) {
        await pause(300);
        waiting.push((await site.parts.data.position()).segment);
        await site.sql("select pg_switch_wal()");
      }
      await until(
        "PostgreSQL says that its log is not archived",
        async () => (await site.parts.data.position()).archiverFailing,
      );
      await workshop.standing.data.lookAtLog();
      await pause(1_100);
      const { log, stream } = await workshop.standing.data.published();
      expect(log.waitingBytes).toBeGreaterThanOrEqual(4 * 16 * 1024 ** 2);
      expect(log.waitingSeconds).toBeGreaterThan(0);
      // The copy that is streamed goes on: nothing would be lost with the cluster's disk either.
      expect(stream.connected).toBe(true);
    } finally {
      await writers.stop();
      await Deno.rename(away, places.repositories);
    }
    for (const segment of waiting) await site.archived(segment);
    const last = await site.write(1, 1_000_000);
    await site.archived(last);
    await workshop.standing.data.lookAtRepository();
    await workshop.standing.data.lookAtLog();
    expect((await workshop.standing.data.published()).log.gap).toBeNull();
    const restored = await site.restored();
    expect(writers.acknowledged.length).toBeGreaterThan(100);
    expect(writers.acknowledged.filter(({ n }) => !restored.has(n))).toEqual([]);
  });
});

describe("a cluster in which nobody changes anything", () => {
  it("has nothing that waits for the archive, whatever PostgreSQL notes in the log for itself", async () => {
    await workshop.do("full", "keys");
    const standing = workshop.standing.keys;
    const waiting = async () => {
      await standing.lookAtLog();
      await pause(1_100);
      await standing.lookAtLog();
      return (await standing.published()).log.waitingSeconds;
    };
    await site.sql("create table change ()", [], "keys");
    expect(await waiting()).toBeGreaterThan(0);
    const { segment } = await site.parts.keys.position();
    await site.sql("select pg_switch_wal()", [], "keys");
    await site.archived(segment, "keys");
    expect(await waiting()).toBe(0);
    await site.sql("checkpoint", [], "keys");
    expect(await waiting()).toBe(0);
    await site.sql("drop table change", [], "keys");
    expect(await waiting()).toBeGreaterThan(0);
  });
});

describe("the cluster's disk lost while people work", () => {
  it("costs nothing that was acknowledged a moment before, and the log goes on in the stream's next folder", async () => {
    for (const timeline of [2, 3]) {
      const writers = write(4);
      await until("there is work", () => writers.acknowledged.length > 400);
      const lost = Date.now();
      await site.loseCluster();
      await writers.stop();
      expect(writers.rate(lost)).toBeGreaterThan(50);
      await site.bringBack();
      const there = await journal();
      // Not told to wait for the stream, PostgreSQL may acknowledge what is on its way to it for the blink of an eye.
      expect(writers.acknowledged.filter(({ n, at }) => at < lost - 200 && !there.has(n))).toEqual([]);
      expect((await site.parts.data.position()).timeline).toBe(timeline);
      await isReceiving();
      expect(await folders()).toContain(`${await system()}-${timeline}`);
    }
  });

  it("costs nothing at all where a change is acknowledged only once the stream has it", async () => {
    await site.sql("alter system set synchronous_standby_names = 'fleethold_receiver'");
    await site.sql("select pg_reload_conf()");
    await until(
      "PostgreSQL waits for the stream",
      async () => (await site.parts.data.position()).receiver.isSynchronous,
    );
    await workshop.standing.data.lookAtLog();
    expect((await workshop.standing.data.published()).stream.synchronous).toBe(true);
    const writers = write(8);
    await until("there is work", () => writers.acknowledged.length > 400);
    await site.loseCluster();
    await writers.stop();
    await site.bringBack();
    const there = await journal();
    expect(writers.acknowledged.filter(({ n }) => !there.has(n))).toEqual([]);
    await isReceiving();
    await site.sql("alter system reset synchronous_standby_names");
    await site.sql("select pg_reload_conf()");
  });
});

describe("the receiver of the log", () => {
  it("comes back by itself when it is killed, tells that it was away, and gets what it missed", async () => {
    await killReceiver();
    await until("it says that it does not receive", () => receiver.failure !== null);
    await workshop.standing.data.lookAtLog();
    expect((await workshop.standing.data.published()).stream.connected).toBe(false);
    const missed = [await site.write(5), await site.write(5)];
    await isReceiving();
    await workshop.standing.data.lookAtLog();
    const { stream } = await workshop.standing.data.published();
    expect(stream).toMatchObject({ connected: true, synchronous: false });
    expect(stream.lagBytes).toBeLessThan(16 * 1024 ** 2);
    for (const segment of missed) {
      await until(`the stream has ${segment}`, async () => (await pieces()).includes(segment));
    }
  });

  it("keeps pieces until they are archived, and the newest two in any case", async () => {
    const written: string[] = [];
    for (let count = 0; count < 4; count++) written.push(await site.write(5));
    await site.archived(written.at(-1)!);
    await until("the stream has them", async () => (await pieces()).includes(written.at(-1)!));
    const position = await site.parts.data.position();
    const archived = await site.parts.pgBackRest.archived(site.parts.places.repository("data"), "data");
    await receiver.trim(archived, position);
    expect(await pieces()).toEqual(expect.arrayContaining(written)); // Too young.
    await age(2 * 3_600_000);
    archived.delete(written[1]!);
    await receiver.trim(archived, position);
    const kept = await pieces();
    expect(kept).not.toContain(written[0]);
    expect(kept).toContain(written[1]);
    expect(kept).toEqual(expect.arrayContaining(written.slice(-2)));
  });

  it("never takes another cluster's pieces for archived, and lets go of them after the backups", async () => {
    const { places, files } = site.parts;
    const stranger = join(places.streamed("data"), "7000000000000000001-1");
    await files.folder(stranger);
    const names = ["000000010000000000000001", "000000010000000000000002", "000000010000000000000003"];
    for (const name of names) await Deno.writeTextFile(join(stranger, name), "");
    const archived = new Map(names.map((name) => [name, ""]));
    const position = await site.parts.data.position();
    await age(24 * 3_600_000, stranger);
    await receiver.trim(archived, position);
    expect((await folders()).includes("7000000000000000001-1") && await pieces(stranger)).toEqual(names);
    await age(36 * 24 * 3_600_000, stranger);
    await receiver.trim(archived, position);
    expect(await folders()).not.toContain("7000000000000000001-1");
  });

  it("goes on from now when it was away so long that PostgreSQL let go of what it missed", async () => {
    await site.sql("alter system set max_slot_wal_keep_size = '16MB'");
    await site.sql("alter system set min_wal_size = '32MB'");
    await site.sql("alter system set wal_keep_size = 0");
    await site.sql("select pg_reload_conf()");
    await receiver.stop();
    let last = "";
    for (let count = 0; count < 5; count++) last = await site.write(5);
    await site.archived(last);
    await until("the slot is lost", async () => {
      await site.sql("checkpoint");
      const [slot] = await site.sql<{ wal_status: string }>("select wal_status from pg_replication_slots");
      return slot?.wal_status === "lost";
    });
    const next = site.receiver();
    next.start();
    await until("it receives again", () => next.failure === null);
    const segment = await site.write(5);
    await until(`the stream has ${segment}`, async () => (await pieces()).includes(segment));
    await site.archived(segment);
    // The hole in the stream is filled by the archive.
    const all = await journal();
    expect(await site.restored({ streamed: true })).toEqual(all);
    await next.stop();
  });
});

const isReceiving = () =>
  until(
    "the log is received",
    async () => receiver.failure === null && (await site.parts.data.position()).receiver.isConnected,
  );

const system = async () => (await site.parts.data.position()).systemId;

const journal = async () =>
  new Set((await site.sql<{ n: string }>("select n from journal")).map(({ n }) => Number(n)));

const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
const folders = () => namesIn(site.parts.places.streamed("data"));
/** Whole pieces in the stream: in one folder of it, or in all. */
async function pieces(folder?: string): Promise<string[]> {
  const all = folder
    ? [folder]
    : (await folders()).map((name) => join(site.parts.places.streamed("data"), name));
  return (await Promise.all(all.map(namesIn))).flat().filter((name) => !name.includes(".")).sort();
}

/** Makes every piece in the stream older. */
async function age(ms: number, folder?: string): Promise<void> {
  const then = new Date(Date.now() - ms);
  const all = folder
    ? [folder]
    : (await folders()).map((name) => join(site.parts.places.streamed("data"), name));
  for (const one of all) for (const name of await namesIn(one)) await Deno.utime(join(one, name), then, then);
}

async function killReceiver(): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (command.startsWith("pg_receivewal\0") && command.includes(site.folder)) {
      Deno.kill(Number(name), "SIGKILL");
    }
  }
}

let next = 2_000_000;
/** People at work: each waits for an answer before going on. What was answered is remembered, with the moment. */
function write(people: number) {
  const acknowledged: { n: number; at: number }[] = [];
  const began = Date.now();
  let isEnding = false;
  const working = Array.from({ length: people }, async () => {
    try {
      const client = await site.clusters.data!.connect("fleethold");
      while (!isEnding) {
        const n = next++;
        await client.query("insert into journal values ($1, $2)", [n, crypto.randomUUID().repeat(8)]);
        acknowledged.push({ n, at: Date.now() });
      }
      await client.end();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
  });
  return {
    acknowledged,
    /** How many a second, until a moment. */
    rate: (until: number) => acknowledged.length / (until - began) * 1_000,
    async stop() {
      isEnding = true;
      await Promise.all(working);
    },
  };
}
