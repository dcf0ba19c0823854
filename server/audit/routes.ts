import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may } from "../access/may.ts";
import { answers, query } from "../platform/http.ts";
import type { Namer } from "./naming.ts";
import { listActs, readTrail } from "./queries.ts";
import { AuditPage, AuditQuery } from "./schema.ts";

/** Reading the trail. Nothing here writes to it, except that it was read. */
export const auditRoutes = (namers: readonly Namer[]) =>
  new Hono<AppEnv>()
    .get(
      "/",
      may("audit.read"),
      query(AuditQuery),
      answers(200, AuditPage, "Reads the audit trail, newest first"),
      async (c) => c.json(await readTrail(c.var.reader, c.req.valid("query"), namers)),
    )
    .get(
      "/acts",
      may("audit.read"),
      answers(200, z.object({ items: z.array(z.string()) }), "Lists every kind of act in the trail"),
      async (c) => c.json({ items: await listActs(c.var.reader) }),
    );
