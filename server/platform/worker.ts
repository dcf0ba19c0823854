import {
  type CronItem,
  Logger as GraphileLogger,
  parseCronItems,
  run,
  type Task,
  type TaskList,
} from "graphile-worker";
import type pg from "pg";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export type JobFunction = (payload: never) => Promise<void>;

/** The one advisory lock that says "I am the worker": whoever holds it may take over jobs a killed worker had locked. */
const WORKER_LOCK = 0x666c6565; // "flee"

/**
 * Works the queue until `stop`. Only one worker works at a time: a second one waits for the first one's lock, and then
 * frees what the first one left locked, so that a job interrupted by kill -9 runs again at once rather than in hours.
 */
export async function startWorker(
  { pool, jobs, schedule, metrics, log }: {
    pool: pg.Pool;
    jobs: Record<string, JobFunction>;
    schedule: CronItem[];
    metrics: Metrics;
    log: Logger;
  },
): Promise<{ stop(): Promise<void>; ended: Promise<void> }> {
  const holder = await pool.connect();
  await holder.query("set statement_timeout = 0; set lock_timeout = 0");
  await holder.query("select pg_advisory_lock($1)", [WORKER_LOCK]);
  await holder.query(
    "select graphile_worker.force_unlock_workers(array(select distinct locked_by from graphile_worker._private_jobs where locked_by is not null))",
  );
  const taskList: TaskList = Object.fromEntries(
    Object.entries(jobs).map(([name, job]) => [name, timed(name, job, metrics, log)]),
  );
  const runner = await run({
    pgPool: pool,
    // Two for what only takes its time, and one more for whoever waits for somebody else's server.
    concurrency: 3,
    pollInterval: 2_000,
    noHandleSignals: true,
    taskList,
    parsedCronItems: parseCronItems(schedule),
    logger: quiet(log),
  });
  // Without the lock's connection we no longer know that we are the only one.
  const lost = new Promise<never>((_, reject) => holder.on("error", reject));
  return {
    async stop() {
      await runner.stop();
      holder.release(true);
    },
    ended: Promise.race([runner.promise, lost]),
  };
}

const timed = (name: string, job: JobFunction, metrics: Metrics, log: Logger): Task => async (payload) => {
  const stop = metrics.jobs.startTimer({ job: name });
  try {
    await job(payload as never);
    stop({ result: "done" });
  } catch (error) {
    stop({ result: "failed" });
    log.error({ err: error, job: name }, "a job failed and will be tried again");
    // The queue stores the message of what is thrown: a message can quote values, so only its class goes there.
    throw new Error(error instanceof Error ? error.name : "unknown");
  }
};

/** The library's own words go to our log without its metadata, which can hold whole jobs. */
const quiet = (log: Logger) =>
  new GraphileLogger(() => (level, message) => {
    if (level === "error") log.error({ said: message.slice(0, 120) }, "the queue reports an error");
    else if (level === "warning") log.warn({ said: message.slice(0, 120) }, "the queue warns");
  });
