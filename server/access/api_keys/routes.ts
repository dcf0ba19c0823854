import { Hono } from "hono";
import { z } from "zod";
import { answers, body, params } from "../../platform/http.ts";
import { Id } from "../../platform/schema.ts";
import { createApiKey, endApiKey, listApiKeys } from "./api_key.ts";
import { type AppEnv, fresh, may } from "../may.ts";
import { ApiKeys, NewApiKey, ShownApiKey } from "../schema.ts";

/** `/api/keys`: by which programs use this API, `Authorization: Bearer fleethold_…`. */
export const apiKeyRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("keys.read"),
    answers(200, ApiKeys, "Lists the API keys; those that ended or ran out 90 days ago are left out"),
    async (c) => c.json({ items: await listApiKeys(c.var.reader) }),
  )
  .post(
    "/",
    may("keys.write"),
    fresh(),
    body(NewApiKey),
    answers(201, ShownApiKey, "Makes an API key; its token is shown once"),
    async (c) => c.json(await c.var.change((change) => createApiKey(change, c.req.valid("json"))), 201),
  )
  .delete(
    "/:id",
    may("keys.write"),
    params("API key", z.object({ id: Id })),
    answers(204, null, "Ends an API key at once"),
    async (c) => {
      await c.var.change((change) => endApiKey(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  );
