import { system } from "../audit/actor.ts";
import { Reader } from "../audit/reader.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { Services } from "../platform/services.ts";
import { overviewOf } from "./overview.ts";
import { lastRuns } from "./queries.ts";

/** Adds how the backups stand to a process's figures, read anew each time somebody asks for them. */
export function measureBackups(metrics: Metrics, services: Services): void {
  const gauge = (name: string, help: string, labels: string[] = []) =>
    metrics.gauge(`fleethold_backup_${name}`, help, labels);
  const reported = gauge("reported_timestamp_seconds", "When the backup service reported last");
  const waiting = gauge("log_waiting_seconds", "How long the oldest change has waited to be archived", [
    "cluster",
  ]);
  const waitingBytes = gauge("log_waiting_bytes", "Log on the cluster's disk that waits to be archived", [
    "cluster",
  ]);
  const lag = gauge("stream_lag_bytes", "How far the streamed log is behind", ["cluster"]);
  const success = gauge("last_success_timestamp_seconds", "When a run was done last", ["kind", "cluster"]);
  const used = gauge("repository_used_bytes", "What the backups take up");
  const free = gauge("repository_free_bytes", "The room left for backups");
  const promise = gauge("promise_kept", "1: kept, 0: broken; none: it does not apply", ["promise"]);

  metrics.beforeReading(async () => {
    const reader = new Reader(services, system("metrics"));
    const { state, verdicts } = await overviewOf(reader);
    for (const one of [reported, waiting, waitingBytes, lag, success, used, free, promise]) one.reset();
    for (const { promise: name, kept } of verdicts) {
      if (kept !== null) promise.set({ promise: name }, kept ? 1 : 0);
    }
    for (const { kind, cluster, outcome, endedAt } of await lastRuns(reader, "done")) {
      if (outcome === "done") success.set({ kind, cluster: cluster ?? "" }, Date.parse(endedAt!) / 1000);
    }
    if (!state) return;
    reported.set(Date.parse(state.at) / 1000);
    used.set(state.repository.usedBytes);
    free.set(state.repository.freeBytes);
    for (const cluster of ["data", "keys"] as const) {
      const { log, stream } = state.clusters[cluster];
      waiting.set({ cluster }, log.waitingSeconds);
      waitingBytes.set({ cluster }, log.waitingBytes);
      lag.set({ cluster }, stream.lagBytes);
    }
  });
}
