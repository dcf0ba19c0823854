import { beforeAll, describe, expect, it } from "vitest";
import { Problem } from "../../server/platform/problem.ts";
import { Turns } from "../../server/platform/turns.ts";
import { type Caller, useCompany } from "../harness/app.ts";

const company = useCompany();
let dispatcher: Caller;
beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
});

const upload = (rows = 1) => {
  const lines = Array.from({ length: rows }, (_, row) => `T-${row},Mara Beispiel,Ahornallee ${row}`);
  return dispatcher.post(
    `/api/imports?site=${company.here}&name=orders.csv`,
    new TextEncoder().encode(["Order number,Name,Street", ...lines].join("\n")),
    { "Content-Type": "text/csv" },
  );
};

describe("a crowd", () => {
  it("works through something heavy in turn, and who comes too late is sent away", async () => {
    const turns = new Turns({ atOnce: 2, waiting: 3 }, () => new Problem(503, "busy", "Busy"));
    let running = 0, most = 0;
    const work = () =>
      turns.take(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
      }).then(() => "done", (problem: Problem) => problem.slug);
    const outcomes = await Promise.all(Array.from({ length: 8 }, work));
    expect(outcomes).toEqual(["done", "done", "done", "done", "done", "busy", "busy", "busy"]);
    expect(most).toBe(2);
    expect(await work()).toBe("done");
  });

  it("of large files is read one by one", async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => upload(6_000)));
    const statuses = answers.map((answer) => answer.status);
    expect(new Set(statuses)).toEqual(new Set([201, 503]));
    expect(answers.find((answer) => answer.status === 503)!.body.slug).toBe("imports-busy");
  });

  it("of files nobody comes back to does not fill the disk", async () => {
    await company.superDb.deleteFrom("imports").execute();
    for (let file = 0; file < 40; file++) expect((await upload()).status).toBe(201);
    expect((await upload()).body.slug).toBe("too-many-imports");
  });
});
