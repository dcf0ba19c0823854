import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();

/** Personal values nobody else in the tests has; whatever finds one of them has found a leak. */
const planted = {
  name: "Zaphodine Quellbachtal",
  phone: "+49 30 23125 987",
  email: "zaphodine@quellbachtal.example",
  street: "Wiesengrundpfad 4711",
  unit: "Hinterhaus Xylophon",
  postcode: "05098",
  city: "Morgentausee",
  country: "DE",
  note: "Klingel Schnabeltier, Hund beisst",
  position: { lat: 52.123498765, lon: 13.987612345 },
};
const driverName = "Ottokarina Windsbraut", staffName = "Philomena Tintenklecks";
const staffEmail = "philomena@tintenklecks.example";
const receivedBy = "Nachbarin Federkiel", said = "Paket liegt unter Regenbogentonne";
const badPhone = "ruf-mich-Purzelbaum-an";

const needles = [
  ...[
    "Zaphodine",
    "Quellbachtal",
    "23125987",
    "23125 987",
    "Wiesengrundpfad",
    "Wiesengrundpfad 4711",
    "Xylophon",
    "Morgentausee",
    "Schnabeltier",
  ],
  ...[
    "52.123498765",
    "13.987612345",
    "Ottokarina",
    "Windsbraut",
    "Philomena",
    "Tintenklecks",
    "Federkiel",
    "Regenbogentonne",
    "Purzelbaum",
  ],
];
const anyNeedle = new RegExp(needles.map((needle) => needle.replaceAll(".", "\\.")).join("|"), "gi");

async function dayOfUse() {
  const owner = await company.as("owner"),
    dispatcher = await company.as("dispatcher"),
    driver = await company.as("driver");
  expect(
    await owner.post("/api/accounts", {
      name: staffName,
      email: staffEmail,
      role: "dispatcher",
      siteIds: [company.here],
      driverId: null,
    }),
  )
    .toMatchObject({ status: 201 });
  expect(
    await owner.post("/api/accounts", {
      name: staffName,
      email: staffEmail,
      role: "dispatcher",
      siteIds: [company.here],
      driverId: null,
    }),
  )
    .toMatchObject({ status: 409 });
  expect(
    await dispatcher.post("/api/drivers", {
      name: driverName,
      phone: planted.phone,
      email: null,
      siteId: company.here,
      vehicleId: null,
    }),
  )
    .toMatchObject({ status: 201 });
  const order = newOrder(company.here, { recipient: planted });
  const { status, body: { id } } = await dispatcher.post("/api/deliveries", order, {
    "Idempotency-Key": newId(),
  });
  expect(status).toBe(201);
  expect(await dispatcher.post("/api/deliveries", order)).toMatchObject({ status: 409 });
  expect(
    await dispatcher.post(
      "/api/deliveries",
      newOrder(company.here, { recipient: { ...planted, phone: badPhone } }),
    ),
  )
    .toMatchObject({ status: 422 });
  expect((await dispatcher.get("/api/deliveries?q=zaphodine%20wiesengrundpfad")).body.items).toHaveLength(1);
  expect(
    await dispatcher.patch(`/api/deliveries/${id}`, { recipient: { note: `${planted.note}!` } }, {
      "If-Match": '"1"',
    }),
  )
    .toMatchObject({ status: 200 });
  await dispatcher.put("/api/deliveries/assignments", { ids: [id], driverId: driver.driverId });
  const step = (to: string, more = {}) =>
    driver.post(`/api/deliveries/${id}/steps`, {
      id: newId(),
      to,
      happenedAt: new Date().toISOString(),
      position: planted.position,
      ...more,
    });
  for (const to of ["accepted", "in-transit", "arrived"]) {
    expect(await step(to)).toMatchObject({ status: 200 });
  }
  await driver.put(`/api/deliveries/${id}/proofs/${newId()}`, { strokes: [[[471, 147], [714, 417]]] });
  expect(await step("completed", { outcome: "someone-else", note: said, receivedBy })).toMatchObject({
    status: 200,
  });
  expect(
    await dispatcher.post("/api/session", {
      email: staffEmail,
      password: "Purzelbaum-Purzelbaum",
      code: "123456",
    }),
  )
    .toMatchObject({ status: 401 });
  const csv =
    `number,name,street,phone,note\nA-1,${planted.name},${planted.street},${planted.phone},${planted.note}\nA-2,${planted.name},,${badPhone},x\n`;
  const preview = await dispatcher.post(
    `/api/imports?site=${company.here}&name=${encodeURIComponent("Tintenklecks.csv")}`,
    new TextEncoder().encode(csv),
    {
      "Content-Type": "text/csv",
    },
  );
  expect(preview).toMatchObject({ status: 201 });
}

it("after a day of use no personal value stands in the clear in a table, a server log, a PostgreSQL log or the WAL", async () => {
  await dayOfUse();
  const places = new Map<string, string | Uint8Array>([["server log", company.logged.join("")]]);
  const client = await company.superuser("data");
  const { rows: tables } = await client.query(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
  );
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables) {
    const { rows } = await client.query(
      `select coalesce(string_agg(t::text, E'\\n'), '') as text from ${name} as t`,
    );
    places.set(`table ${name}`, rows[0].text);
  }
  await client.query("checkpoint");
  const { logs } = inject("clusters");
  for (const cluster of ["data", "keys"]) {
    places.set(`PostgreSQL log of ${cluster}`, await Deno.readFile(join(logs, `${cluster}.log`)));
    const wal = join(logs, cluster, "pgdata", "pg_wal");
    for await (const { name, isFile } of Deno.readDir(wal)) {
      if (isFile) places.set(`WAL ${cluster}/${name}`, await Deno.readFile(join(wal, name)));
    }
  }
  expect([...places.keys()].filter((place) => place.startsWith("WAL")).length).toBeGreaterThan(1);
  const leaks = [...places].flatMap(([place, content]) =>
    found(content).map((needle) => `${needle} in ${place}`)
  );
  expect(leaks).toEqual([]);
});

it("the search for leaks would find one", () => {
  expect(found("a log line about Zaphodine")).toEqual(["Zaphodine"]);
  expect(found(new TextEncoder().encode("\u0000WAL of zaphodine, 52.123498765\u0000"))).toEqual([
    "zaphodine",
    "52.123498765",
  ]);
});

/** All needles at once: a WAL file is long. Bytes are read as Latin-1, in which every needle is spelled as it is. */
function found(content: string | Uint8Array): string[] {
  const text = typeof content === "string" ? content : new TextDecoder("latin1").decode(content);
  return [...new Set(text.match(anyNeedle) ?? [])];
}
