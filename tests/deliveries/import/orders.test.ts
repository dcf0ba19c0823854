import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NewDelivery } from "../../../server/deliveries/schema.ts";
import { importFields, importFormats } from "../../../server/deliveries/import/schema.ts";
import { ordersOf, quoted, read, tableIn, tableOf } from "./files.ts";

const header = "Number,Name,Street,Delivery date,From,To,Phone,Quantity,Tags";
const file = (...rows: string[]) => [header, ...rows, ""].join("\n");

describe("the day and the window of an order", () => {
  it("is the day the person chose where the row names none, and the site's today otherwise", async () => {
    const rows = file("1,Ada,Mill Lane 1,,,,,,", "2,Ada,Mill Lane 1,2026-03-01,,,,,");
    expect((await read(rows)).orders.map(({ day }) => day)).toEqual(["2026-02-20", "2026-03-01"]);
    expect((await read(rows, { defaultDay: "2026-02-25" })).orders.map(({ day }) => day))
      .toEqual(["2026-02-25", "2026-03-01"]);
  });

  it("ends with the day when only its beginning is named, and at midnight when midnight is", async () => {
    const { orders } = await read(file("1,Ada,Mill Lane 1,,18:00,,,,", "2,Ada,Mill Lane 1,,22:00,00:00,,,"));
    expect(orders.map(({ window }) => window?.before)).toEqual([
      "2026-02-20T23:00:00Z",
      "2026-02-20T23:00:00Z",
    ]);
  });

  it("that ends before it begins is a fault", async () => {
    const { faults } = await read(file("1,Ada,Mill Lane 1,,12:00,10:00,,,"));
    expect(faults).toEqual(["2 To: latest time “10:00” comes before the window begins"]);
  });

  it("written the other way round than chosen is a fault that says so", async () => {
    const rows = file("1,Ada,Mill Lane 1,02/21/2026,,,,,");
    expect((await read(rows)).faults).toEqual([
      "2 Delivery date: day “02/21/2026” is no day with the day first; if this file writes the month first, choose that",
    ]);
    expect((await read(rows, { dateOrder: "month-first" })).orders[0]?.day).toBe("2026-02-21");
  });

  it("a day that no delivery can be for is a fault like any other", async () => {
    expect((await read(file("1,Ada,Mill Lane 1,1899-12-30,,,,,"))).faults).toEqual([
      "2 Delivery date: day “1899-12-30” must lie between the years 2000 and 2100",
    ]);
  });
});

describe("what is held against the rules of any new order", () => {
  it("each order is one that could be entered by hand", async () => {
    for (const name of ["shopify_orders", "woocommerce_items", "woodelivery_tasks", "lieferungen"]) {
      for (const { order } of (await ordersOf(await tableIn(name))).orders) {
        const siteId = crypto.randomUUID();
        expect(NewDelivery.parse({ ...order, siteId })).toEqual({ ...order, siteId });
      }
    }
  });

  it("says what is missing, what is too long and what is not a number", async () => {
    const { faults, orders } = await read(file(
      ",Ada,Mill Lane 1,,,,,,",
      "2,,Mill Lane 1,,,,,,",
      "3,Ada,,,,,,,",
      `4,${"A".repeat(121)},Mill Lane 1,,,,,,`,
      "5,Ada,Mill Lane 1,,,,,a few,",
      "6,Ada,Mill Lane 1,,,,,1.5,",
      "7,Ada,Mill Lane 1,,,,,-1,",
      `8,Ada,Mill Lane 1,,,,,,${"t".repeat(41)}`,
      `9,Ada,Mill\u0007 Lane 1,,,,,,`,
    ));
    expect(orders).toEqual([]);
    expect(faults).toEqual([
      "2 Number: order number is missing",
      "3 Name: name is missing",
      "4 Street: street is missing",
      `5 Name: name “${"A".repeat(39)}…” is longer than 120 characters`,
      "6 Quantity: quantity “a few” is not a number",
      "7 Quantity: quantity “1.5” is not a whole number",
      "8 Quantity: quantity “-1” is less than 0",
      `9 Tags: tag “${"t".repeat(39)}…” is longer than 40 characters`,
      "10 Street: street “Mill\u0007 Lane 1” must be a single line without control characters",
    ]);
  });

  it("an address written over several lines becomes one line, a note keeps its lines", async () => {
    const { orders } = await read(
      'Number,Name,Street,Note\n1,Ada,"Mill Lane 1\r\nBack door","Ring.\r\nWait."\n',
    );
    expect(orders[0]?.recipient).toMatchObject({ street: "Mill Lane 1, Back door", note: "Ring.\nWait." });
  });

  it("the apostrophe that keeps a spreadsheet's hands off a phone number is not part of it", async () => {
    const { orders } = await read(file("1,Ada,Mill Lane 1,,,,'+44 7700 900123,,"));
    expect(orders[0]?.recipient.phone).toBe("+44 7700 900123");
  });
});

describe("orders and rows", () => {
  it("an order number that comes twice is a fault the second time", async () => {
    const { lines, faults } = await read(file("1,Ada,Mill Lane 1,,,,,,", "1,Bo,Mill Lane 2,,,,,,"));
    expect(lines).toEqual([2]);
    expect(faults).toEqual(["3 Number: the order number stands on line 2 already"]);
  });

  it("in a shop's file the second row may add to the order, but not send it to somebody else", async () => {
    const { orders, faults } = await read(
      [
        "Name,Lineitem quantity,Lineitem name,Shipping Name,Shipping Address1",
        "#1,1,Tea,Ada,Mill Lane 1",
        "#1,2,Cup,,",
        "#1,1,Pot,Bo,Mill Lane 2",
        ",4,Spoon,,",
        "",
      ].join("\n"),
    );
    expect(orders).toMatchObject([{ number: "#1", quantity: 7, recipient: { name: "Ada" } }]);
    expect(faults).toEqual(["4 Name: the order number stands on line 2 already, for another recipient"]);
  });

  it("a quantity in a later row that is no number is a fault of the order", async () => {
    const { faults } = await read(
      "Name,Lineitem quantity,Lineitem name,Shipping Name,Shipping Address1\n#1,1,Tea,Ada,Mill Lane 1\n#1,some,Cup,,\n",
    );
    expect(faults).toEqual(["2 Lineitem quantity: quantity “some” is not a number"]);
  });

  it("a mapping that names no column for the street is said once, not for every row", async () => {
    const { orders, faults } = await read("Number,Name\n1,Ada\n2,Bo\n");
    expect(orders).toEqual([]);
    expect(faults).toEqual(["1 row: no column is chosen for the street"]);
  });

  it("a mapping that names a column the file lacks says which", async () => {
    const mapping = { number: "Number", name: "Name", street: "Strasse" };
    expect((await read(file("1,Ada,Mill Lane 1,,,,,,"), { mapping })).faults)
      .toEqual(["1 Strasse: the file has no column of this name"]);
  });

  it("faults are counted in full and listed by line, the first 200 of them", async () => {
    const rows = Array.from(
      { length: 300 },
      (_, at) => at % 2 ? `${at},Ada` : `${at},Ada,Mill Lane 1,,,,x,,`,
    );
    const { faults, faultCount, orders } = await ordersOf(await tableOf(file(...rows)));
    expect([orders.length, faults.length, faultCount]).toEqual([0, 200, 300]);
    expect(faults.map(({ line }) => line)).toEqual(Array.from({ length: 200 }, (_, at) => at + 2));
  });
});

describe("any cells at all", () => {
  it("become orders or faults, and nothing else happens", async () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."0123456789-/.:,;T Zapm+€'#\n") }),
      fc.constantFrom(
        "constructor",
        "2026-02-21",
        "10:00",
        "24:00",
        "9999-12-31 24:00 +14:59",
        "0001-01-01",
        "EUR",
        "__proto__",
      ),
    );
    const formatNames = fc.constantFrom(...importFormats);
    const mapping = Object.fromEntries(importFields.map((field) => [field, field]));
    const rows = fc.array(fc.tuple(...importFields.map(() => text)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(formatNames, rows, async (format, rows) => {
        const lines = [[...importFields], ...rows.map((cells) => ["x" + cells[0], ...cells.slice(1)])];
        const table = await tableOf(
          lines.map((cells) => cells.map((cell) => quoted(cell)).join()).join("\n"),
        );
        const { orders, faultCount } = await ordersOf(table, { format, mapping });
        expect(orders.length + faultCount).toBeGreaterThan(0);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("a cell of 30 kB of spaces takes no longer than another", async () => {
    const started = performance.now();
    const spaces = `a${" ".repeat(30_000)}b`;
    await read(`Number,Name,Street,Delivery date,Time,Weight,Phone\n${Array(7).fill(spaces).join()}\n`);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("a large file", () => {
  it("of 10,000 Shopify orders in 15,000 rows is read in seconds, with progress and room for other work", async () => {
    const { columns, rows: [first, second] } = await tableIn("shopify_orders");
    const row = (cells: string[] = [], number: string) =>
      cells.map((text, at) => quoted(at === 0 ? number : text)).join();
    const lines = [columns.join()];
    for (let order = 0; order < 10_000; order++) {
      lines.push(row(first?.cells, `#${order}`));
      if (order % 2) lines.push(row(second?.cells, `#${order}`));
    }
    let turns = 0;
    const clock = setInterval(() => turns++, 1);
    const progress: number[] = [];
    const started = performance.now();
    const table = await tableOf(lines.join("\r\n"));
    const { orders, faultCount } = await ordersOf(table, {}, (done, of) => progress.push(done / of));
    clearInterval(clock);

    expect([table.rows.length, orders.length, faultCount]).toEqual([15_000, 10_000, 0]);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(turns).toBeGreaterThan(20);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect([progress.length > 10, progress.at(-1)]).toEqual([true, 1]);
  });
});
