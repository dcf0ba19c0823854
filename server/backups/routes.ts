import { Hono } from "hono";
import { type AppEnv, may } from "../access/may.ts";
import { answers, body, query } from "../platform/http.ts";
import { overviewOf } from "./overview.ts";
import { listRuns } from "./queries.ts";
import { requestBackup } from "./request.ts";
import { BackupRequest, BackupsOverview, RequestedBackup, RunPage, RunQuery } from "./schema.ts";

export const backupRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("backups.read"),
    answers(200, BackupsOverview, "Shows how the backups stand and whether their promises are kept"),
    async (c) => c.json(await overviewOf(c.var.reader)),
  )
  .get(
    "/runs",
    may("backups.read"),
    query(RunQuery),
    answers(200, RunPage, "Lists backups, checks and drills, newest first"),
    async (c) => c.json(await listRuns(c.var.reader, c.req.valid("query"))),
  )
  .post(
    "/requests",
    may("backups.run"),
    body(BackupRequest),
    answers(202, RequestedBackup, "Asks for a backup, a check of the backups, or a drill"),
    async (c) => c.json(await c.var.change((change) => requestBackup(change, c.req.valid("json"))), 202),
  );
