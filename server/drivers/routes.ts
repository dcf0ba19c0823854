import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may } from "../access/may.ts";
import { answers, body, etag, ifMatch, params, query } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { createDriver, driverOf, editDriver, listDrivers } from "./driver.ts";
import {
  Driver,
  DriverEdit,
  DriverFields,
  DriverPage,
  DriverQuery,
  Vehicle,
  VehicleEdit,
  VehicleFields,
  VehiclePage,
  VehicleQuery,
} from "./schema.ts";
import { createVehicle, editVehicle, listVehicles, vehicleOf } from "./vehicle.ts";

const oneDriver = params("driver", z.object({ id: Id }));
const oneVehicle = params("vehicle", z.object({ id: Id }));

export const driverRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("drivers.read"),
    query(DriverQuery),
    answers(200, DriverPage, "Lists the drivers of your sites"),
    async (c) => c.json(await listDrivers(c.var.reader, c.req.valid("query"))),
  )
  .post(
    "/",
    may("drivers.write"),
    body(DriverFields),
    answers(201, Driver, "Takes on a driver"),
    async (c) => {
      const driver = await c.var.change((change) => createDriver(change, c.req.valid("json")));
      etag(c, driver.version);
      return c.json(driver, 201);
    },
  )
  .get("/:id", may("drivers.read"), oneDriver, answers(200, Driver, "Shows a driver"), async (c) => {
    const driver = await driverOf(c.var.reader, c.req.valid("param").id);
    etag(c, driver.version);
    return c.json(driver);
  })
  .patch(
    "/:id",
    may("drivers.write"),
    oneDriver,
    ifMatch(),
    body(DriverEdit),
    answers(200, Driver, "Edits a driver, moves them to another site, or lets them go"),
    async (c) => {
      const { id } = c.req.valid("param");
      const driver = await c.var.change((change) =>
        editDriver(change, id, c.var.ifMatch, c.req.valid("json"))
      );
      etag(c, driver.version);
      return c.json(driver);
    },
  );

export const vehicleRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("drivers.read"),
    query(VehicleQuery),
    answers(200, VehiclePage, "Lists the vehicles of your sites"),
    async (c) => c.json(await listVehicles(c.var.reader, c.req.valid("query"))),
  )
  .post(
    "/",
    may("drivers.write"),
    body(VehicleFields),
    answers(201, Vehicle, "Adds a vehicle"),
    async (c) => {
      const vehicle = await c.var.change((change) => createVehicle(change, c.req.valid("json")));
      etag(c, vehicle.version);
      return c.json(vehicle, 201);
    },
  )
  .get("/:id", may("drivers.read"), oneVehicle, answers(200, Vehicle, "Shows a vehicle"), async (c) => {
    const vehicle = await vehicleOf(c.var.reader, c.req.valid("param").id);
    etag(c, vehicle.version);
    return c.json(vehicle);
  })
  .patch(
    "/:id",
    may("drivers.write"),
    oneVehicle,
    ifMatch(),
    body(VehicleEdit),
    answers(200, Vehicle, "Edits a vehicle, or retires it"),
    async (c) => {
      const { id } = c.req.valid("param");
      const vehicle = await c.var.change((change) =>
        editVehicle(change, id, c.var.ifMatch, c.req.valid("json"))
      );
      etag(c, vehicle.version);
      return c.json(vehicle);
    },
  );
