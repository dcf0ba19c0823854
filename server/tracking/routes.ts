import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may, open } from "../access/may.ts";
import { answers, params } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { Tracking, TrackingLink } from "./schema.ts";
import { linkUnknown, makeTrackingLink, track } from "./tracking.ts";

/** `/api/deliveries/:id/tracking-link`: staff make the link and hand it on. */
export const trackingLinkRoutes = new Hono<AppEnv>()
  .post(
    "/:id/tracking-link",
    may("orders.dispatch"),
    params("order", z.object({ id: Id })),
    answers(
      201,
      TrackingLink,
      "Makes a link by which the recipient follows the order; older ones stop working",
    ),
    async (c) => {
      const link = await c.var.change((change) => makeTrackingLink(change, c.req.valid("param").id));
      return c.json(link, 201);
    },
  );

/** `/api/tracking`: the order whose link the request carries. */
export const trackingRoutes = new Hono<AppEnv>()
  .get(
    "/",
    open("whoever holds the link is the recipient, or was sent it by them"),
    answers(200, Tracking, "Shows the holder of a link how the order stands"),
    async (c) => {
      const [scheme, token] = c.req.header("authorization")?.split(" ") ?? [];
      if (scheme?.toLowerCase() !== "tracking" || !token) throw linkUnknown();
      return c.json(await track(c.var.services, token, c.var.clientAddress));
    },
  );
