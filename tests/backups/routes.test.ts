import { sql } from "kysely";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { measureBackups } from "../../server/backups/metrics.ts";
import { Metrics } from "../../server/platform/metrics.ts";
import { type Caller, useCompany } from "../harness/app.ts";
import { before, healthyRuns, healthyState, run } from "./healthy.ts";
import { BackupService } from "./service.ts";

const company = useCompany();
const service = new BackupService(company);
let owner: Caller, admin: Caller, auditor: Caller;
beforeAll(async () => {
  [owner, admin, auditor] = [
    await company.as("owner"),
    await company.as("admin"),
    await company.as("auditor"),
  ];
});
beforeEach(() => service.isGone());

const ask = (caller: Caller, kind: string) => caller.post("/api/backups/requests", { kind });

describe("how the backups stand", () => {
  it("says so where an installation makes none", async () => {
    const { status, body } = await owner.get("/api/backups");
    expect(status).toBe(200);
    expect(body).toEqual({ hasBackups: false, state: null, safety: "none", verdicts: [], waiting: [] });
  });

  it("is the service's last report, with what it makes of each promise", async () => {
    const now = new Date();
    const state = healthyState(now);
    await service.reports(state);
    await service.ran(...healthyRuns(now));
    for (const caller of [owner, admin, auditor]) {
      const { body } = await caller.get("/api/backups");
      expect(body).toMatchObject({ hasBackups: true, state, safety: "safe" });
      expect(body.verdicts).toHaveLength(12);
    }
    await service.reports({ ...state, at: before(now, 180_000) });
    expect((await owner.get("/api/backups")).body.safety).toBe("unknown");
  });

  it("is not known where the service reports in words this release does not have", async () => {
    await sql`insert into backup_state (at, state) values (now(), '{"at": "of another release"}')`.execute(
      company.superDb,
    );
    expect((await owner.get("/api/backups")).body).toMatchObject({ state: null, hasBackups: false });
  });

  it("concerns whoever looks after the installation, and nobody else", async () => {
    for (const role of ["dispatcher", "driver", "privacy-officer", "integration"] as const) {
      const caller = await company.as(role);
      expect((await caller.get("/api/backups")).status).toBe(403);
      expect((await caller.get("/api/backups/runs")).status).toBe(403);
      expect((await ask(caller, "full")).status).toBe(403);
    }
    expect((await ask(auditor, "full")).status).toBe(403);
  });
});

describe("what the service did", () => {
  it("is listed page by page, each run once, the newest first", async () => {
    const now = new Date();
    await service.ran(...healthyRuns(now));
    const ids: string[] = [], begun: string[] = [];
    for (let path = "/api/backups/runs?limit=50";;) {
      const { body } = await owner.get(path);
      for (const { id, startedAt } of body.items) {
        ids.push(id);
        begun.push(startedAt);
      }
      if (!body.next) break;
      path = `/api/backups/runs?limit=50&cursor=${body.next}`;
    }
    expect(new Set(ids).size).toBe(120);
    expect(begun).toEqual(begun.toSorted().reverse());
  });

  it("is narrowed to kinds and to a time", async () => {
    const now = new Date();
    await service.ran(...healthyRuns(now), run(now, "offsite-copy", 60_000));
    const kinds = async (query: string) => {
      const { body } = await owner.get(`/api/backups/runs?limit=200&${query}`);
      return [...new Set(body.items.map(({ kind }: { kind: string }) => kind))].sort();
    };
    expect(await kinds("kind=drill")).toEqual(["drill"]);
    expect(await kinds("kind=drill,verification")).toEqual(["drill", "verification"]);
    expect(await kinds(`from=${new Date(now.getTime() - 3_600_000).toISOString()}`)).toEqual([
      "offsite-copy",
    ]);
    expect((await owner.get("/api/backups/runs?kind=everything")).body.faults[0].path).toMatch(/^kind/);
  });
});

describe("somebody who wants a backup now", () => {
  it("asks for one, which stands in the trail with who asked", async () => {
    await service.reports(healthyState(new Date()));
    const { status, body } = await ask(admin, "full");
    expect([status, body.kind]).toEqual([202, "full"]);
    expect((await owner.get("/api/backups")).body.waiting).toEqual([body]);
    const { body: trail } = await owner.get("/api/audit?act=backup.requested");
    expect(trail.items[0]).toMatchObject({
      actorId: admin.accountId,
      detail: { request: body.id, kind: "full" },
    });
  });

  it("is refused while the same is waiting or being done, and not while something else is", async () => {
    const state = healthyState(new Date());
    await service.reports(state);
    const first = await ask(owner, "drill");
    expect((await ask(admin, "drill")).body).toMatchObject({ status: 409, slug: "backup-under-way" });
    expect((await ask(admin, "verification")).status).toBe(202);
    await service.takesUp(first.body.id);
    const running = {
      run: first.body.id,
      kind: "drill" as const,
      cluster: "data" as const,
      startedAt: state.at,
    };
    await service.reports({ ...state, running: { ...running, step: "restoring", progress: 0.2 } });
    expect((await ask(admin, "drill")).body.slug).toBe("backup-under-way");
    await service.reports(state);
    expect((await ask(admin, "drill")).status).toBe(202);
  });

  it("gets one, not two, together with whoever asks at the same moment", async () => {
    await service.reports(healthyState(new Date()));
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(owner, "diff")));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
  });

  it("gets a drill with the offsite copy only where there is one", async () => {
    const state = healthyState(new Date());
    await service.reports({ ...state, offsite: null });
    expect((await ask(owner, "offsite-drill")).body).toMatchObject({ status: 409, slug: "no-offsite-copy" });
    await service.reports({ ...state, offsite: { ...state.offsite!, lastCopyAt: null } });
    expect((await ask(owner, "offsite-drill")).body).toMatchObject({ status: 409, slug: "no-offsite-copy" });
    await service.reports(state);
    expect((await ask(owner, "offsite-drill")).status).toBe(202);
  });

  it("is refused while the service does not report", async () => {
    expect((await ask(owner, "full")).body).toMatchObject({ status: 409, slug: "backups-silent" });
    await service.reports(healthyState(new Date(), { at: before(new Date(), 180_000) }));
    const { body } = await ask(owner, "full");
    expect(body).toMatchObject({ slug: "backups-silent", next: expect.stringContaining("fleethold status") });
  });
});

describe("the worker's figures", () => {
  it("tell Prometheus how the backups stand", async () => {
    const now = new Date();
    const state = healthyState(now);
    await service.reports(state);
    await service.ran(...healthyRuns(now), run(now, "drill", 0, { outcome: "failed", failure: "No room." }));
    const metrics = new Metrics({});
    measureBackups(metrics, company.services);
    const text = await metrics.text();
    expect(text).toContain('fleethold_backup_promise_kept{promise="log"} 1');
    expect(text).toContain('fleethold_backup_promise_kept{promise="drill"} 0');
    expect(text).toContain('fleethold_backup_log_waiting_seconds{cluster="keys"} 12');
    expect(text).toContain('fleethold_backup_stream_lag_bytes{cluster="data"} 4096');
    expect(text).toContain("fleethold_backup_repository_free_bytes 61000000000");
    const drilled = Number(
      text.match(/last_success_timestamp_seconds\{kind="drill",cluster="data"\} (\d+)/)?.[1],
    );
    expect(drilled).toBe(Date.parse(before(now, 1.9 * 86_400_000)) / 1000);
    await service.isGone();
    expect(await metrics.text()).not.toMatch(/^fleethold_backup_promise_kept\{/m);
  });
});
