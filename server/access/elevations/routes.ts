import { Hono } from "hono";
import { z } from "zod";
import { answers, body, params } from "../../platform/http.ts";
import { Id } from "../../platform/schema.ts";
import { decideElevation, endElevation, listElevations, requestElevation } from "./elevation.ts";
import { type AppEnv, fresh, may } from "../may.ts";
import { Elevation, ElevationDecision, Elevations, NewElevation } from "../schema.ts";

const oneRequest = params("request", z.object({ id: Id }));

/** `/api/elevations`: another role for a time. */
export const elevationRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("own-session"),
    answers(200, Elevations, "Lists who has, had or asked for another role; your own unless you administer"),
    async (c) => c.json({ items: await listElevations(c.var.reader) }),
  )
  .post(
    "/",
    may("elevations.request"),
    body(NewElevation),
    answers(201, Elevation, "Asks for another role for a time; somebody else has to grant it"),
    async (c) => c.json(await c.var.change((change) => requestElevation(change, c.req.valid("json"))), 201),
  )
  .put(
    "/:id/decision",
    may("elevations.decide"),
    fresh(),
    oneRequest,
    body(ElevationDecision),
    answers(200, Elevation, "Grants or refuses what somebody has asked for"),
    async (c) =>
      c.json(
        await c.var.change((change) =>
          decideElevation(change, c.req.valid("param").id, c.req.valid("json").granted)
        ),
      ),
  )
  .delete(
    "/:id",
    may("own-session"),
    oneRequest,
    answers(204, null, "Withdraws a request, or ends an elevation and the sessions that have it"),
    async (c) => {
      await c.var.change((change) => endElevation(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  );
