import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may } from "../access/may.ts";
import { answers, body, bytes, etag, ifMatch, jsonFrom, params, parse, query } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { assign } from "./assignment.ts";
import { createDelivery, editDelivery } from "./delivery.ts";
import { addProof, cleaned, photoOf } from "./proof.ts";
import { deliveryDetail, detailOf, driversStops, driversToday, listDeliveries, summary } from "./queries.ts";
import {
  Assignment,
  AssignmentResult,
  Delivery,
  DeliveryDetail,
  DeliveryEdit,
  DeliveryPage,
  DeliveryQuery,
  NewDelivery,
  NewStep,
  Proof,
  Signature,
  Stops,
  StopsQuery,
  Summary,
  SummaryQuery,
} from "./schema.ts";
import { takeStep, undoStep } from "./step.ts";

const order = params("order", z.object({ id: Id }));
const MOST_PROOF_BYTES = 8 * 1024 * 1024;

/** Orders: what staff see of the work, and what they and drivers do with it. */
export const deliveryRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("orders.read"),
    query(DeliveryQuery),
    answers(200, DeliveryPage, "Lists and searches orders"),
    async (c) => c.json(await listDeliveries(c.var.reader, c.req.valid("query"))),
  )
  .get(
    "/summary",
    may("orders.read"),
    query(SummaryQuery),
    answers(200, Summary, "Counts orders by state and driver"),
    async (c) => c.json(await summary(c.var.reader, c.req.valid("query"))),
  )
  .post("/", may("orders.write"), body(NewDelivery), answers(201, Delivery, "Makes an order"), async (c) => {
    const delivery = await c.var.change((change) => createDelivery(change, c.req.valid("json")));
    etag(c, delivery.version);
    return c.json(delivery, 201);
  })
  .put(
    "/assignments",
    may("orders.dispatch"),
    body(Assignment),
    answers(200, AssignmentResult, "Gives orders to a driver, or takes them off whoever has them"),
    async (c) => c.json(await c.var.change((change) => assign(change, c.req.valid("json")))),
  )
  .get(
    "/:id",
    may("orders.read"),
    order,
    answers(200, DeliveryDetail, "One order with its steps and proofs"),
    async (c) => {
      const delivery = await deliveryDetail(c.var.reader, c.req.valid("param").id);
      etag(c, delivery.version);
      return c.json(delivery);
    },
  )
  .patch(
    "/:id",
    may("orders.write"),
    order,
    ifMatch(),
    body(DeliveryEdit),
    answers(200, Delivery, "Edits an order"),
    async (c) => {
      const { id } = c.req.valid("param");
      const delivery = await c.var.change((change) =>
        editDelivery(change, id, c.var.ifMatch, c.req.valid("json"))
      );
      etag(c, delivery.version);
      return c.json(delivery);
    },
  )
  .post(
    "/:id/steps",
    may("orders.step"),
    order,
    body(NewStep),
    answers(
      200,
      DeliveryDetail,
      "Takes a step of an order: accept, load, start, arrive, complete, fail, return, cancel",
    ),
    async (c) => {
      const { id } = c.req.valid("param");
      return c.json(
        await c.var.change(async (change) => {
          await takeStep(change, id, c.req.valid("json"));
          return await detailOf(change, id);
        }),
      );
    },
  )
  .delete(
    "/:id/steps/:stepId",
    may("orders.step"),
    params("step", z.object({ id: Id, stepId: Id })),
    answers(200, DeliveryDetail, "Takes the last step back"),
    async (c) => {
      const { id, stepId } = c.req.valid("param");
      return c.json(
        await c.var.change(async (change) => {
          await undoStep(change, id, stepId);
          return await detailOf(change, id);
        }),
      );
    },
  )
  .put(
    "/:id/proofs/:proofId",
    may("orders.step"),
    params("proof", z.object({ id: Id, proofId: Id })),
    bytes(["image/jpeg", "application/json"], MOST_PROOF_BYTES, Signature),
    answers(200, Proof, "Adds a photo (JPEG) or a signature (JSON strokes) to an order"),
    async (c) => {
      const { id, proofId } = c.req.valid("param");
      const original = c.var.bytes;
      const proof = c.req.header("content-type")!.startsWith("image/jpeg")
        ? { kind: "photo" as const, value: await cleaned(original), original }
        : { kind: "signature" as const, value: parse(Signature, jsonFrom(original)) };
      return c.json(await c.var.change((change) => addProof(change, id, proofId, proof)));
    },
  )
  .get(
    "/:id/proofs/:proofId",
    may("proofs.read"),
    params("photo", z.object({ id: Id, proofId: Id })),
    answers(200, z.string(), "The photo", "image/jpeg"),
    async (c) => {
      const { id, proofId } = c.req.valid("param");
      const photo = await photoOf(c.var.reader, id, proofId);
      return c.body(new Uint8Array(photo), 200, {
        "Content-Type": "image/jpeg",
        "Content-Disposition": "inline",
      });
    },
  );

/** A driver's own day. */
export const driverDayRoutes = new Hono<AppEnv>()
  .get(
    "/stops",
    may("orders.drive"),
    query(StopsQuery),
    answers(200, Stops, "The signed-in driver's stops of a day, in the order to drive them"),
    async (c) => {
      const day = c.req.valid("query").day ?? await driversToday(c.var.reader);
      return c.json({ day, items: await driversStops(c.var.reader, day) });
    },
  );
