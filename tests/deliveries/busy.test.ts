import { expect, it } from "vitest";
import { useCompany } from "../harness/app.ts";
import { WorkingDay } from "./day.ts";

const company = useCompany();

it("forty drivers who tap at the same moment are all served", async () => {
  const day = await WorkingDay.at(company);
  const orders = await Promise.all(Array.from({ length: 40 }, () => day.order()));
  await day.give(orders.map(({ id }) => id), day.driver.driverId);
  const answers = await Promise.all(orders.map(({ id }) => day.step(day.driver, id, "accepted")));
  expect(answers.filter(({ status }) => status !== 200).map(({ body }) => body)).toEqual([]);
});
