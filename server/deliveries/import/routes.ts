import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may } from "../../access/may.ts";
import { answers, body, bytes, params, query } from "../../platform/http.ts";
import { Id } from "../../platform/schema.ts";
import { readAgain, readUpload } from "./file.ts";
import {
  addImport,
  forgetImport,
  importOf,
  listImports,
  previewOf,
  startImport,
  takeOptions,
} from "./import.ts";
import { limits } from "./refusal.ts";
import {
  Import,
  ImportOptions,
  ImportPage,
  ImportPreview,
  ImportQuery,
  ImportRun,
  ImportUpload,
} from "./schema.ts";

const importId = params("import", z.object({ id: Id }));

/** What browsers and shops call a CSV file; Windows with Excel calls it an Excel file. */
const types = [
  "text/csv",
  "text/plain",
  "text/tab-separated-values",
  "application/vnd.ms-excel",
  "application/octet-stream",
];

/** Orders from files: uploaded and read, mapped, then run by the worker. */
export const importRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("orders.write"),
    query(ImportQuery),
    answers(200, ImportPage, "Lists imports, newest first"),
    async (c) => c.json(await listImports(c.var.reader, c.req.valid("query"))),
  )
  .post(
    "/",
    may("orders.write"),
    query(ImportUpload),
    bytes(types, limits.bytes),
    answers(201, ImportPreview, "Reads a file of orders and shows what it would import"),
    async (c) => {
      const upload = c.req.valid("query");
      const read = await readUpload(c.var.reader, upload.site, c.var.bytes);
      return c.json(await c.var.change((change) => addImport(change, upload, c.var.bytes, read)), 201);
    },
  )
  .get("/:id", may("orders.write"), importId, answers(200, Import, "How far an import is"), async (c) => {
    return c.json(await importOf(c.var.reader, c.req.valid("param").id));
  })
  .get(
    "/:id/preview",
    may("orders.write"),
    importId,
    answers(200, ImportPreview, "Shows again what an uploaded file would import"),
    async (c) => c.json(await previewOf(c.var.reader, c.req.valid("param").id)),
  )
  .put(
    "/:id/options",
    may("orders.write"),
    importId,
    body(ImportOptions),
    answers(200, ImportPreview, "Reads the file with another format, other columns or days"),
    async (c) => {
      const { id } = c.req.valid("param");
      const read = await readAgain(c.var.reader, id, c.req.valid("json"));
      return c.json(await c.var.change((change) => takeOptions(change, id, read)));
    },
  )
  .post(
    "/:id/run",
    may("orders.write"),
    importId,
    body(ImportRun),
    answers(202, Import, "Starts an import"),
    async (c) => {
      const { id } = c.req.valid("param");
      const { mode } = c.req.valid("json");
      return c.json(await c.var.change((change) => startImport(change, id, mode)), 202);
    },
  )
  .delete(
    "/:id",
    may("orders.write"),
    importId,
    answers(204, null, "Forgets an import that was not run, and its file"),
    async (c) => {
      const { id } = c.req.valid("param");
      await c.var.change((change) => forgetImport(change, id));
      return c.body(null, 204);
    },
  );
