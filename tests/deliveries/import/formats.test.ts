import { describe, expect, it } from "vitest";
import { guess } from "../../../server/deliveries/import/formats.ts";
import { ordersOf, said, tableIn } from "./files.ts";

async function imported(file: string) {
  const { orders, faults } = await ordersOf(await tableIn(file));
  return { orders, faults: said(faults) };
}

describe("Shopify's orders export", () => {
  const file = imported("shopify_orders");

  it("is recognised by its header", async () => {
    const { columns, encoding } = await tableIn("shopify_orders");
    expect([columns.length, columns[0], encoding]).toEqual([79, "Name", "utf-8"]);
    expect(guess(columns)).toMatchObject({
      format: "shopify",
      mapping: { number: "Name", street: "Shipping Address1", postcode: "Shipping Zip" },
    });
  });

  it("makes one order of several rows, with what was ordered counted together", async () => {
    expect((await file).orders[0]).toMatchObject({
      line: 2,
      order: {
        number: "#1001",
        quantity: 3,
        reference: "5550000000001",
        tags: ["fragile", "vip"],
        recipient: {
          name: "Ada Example",
          phone: "+49 30 23125 101",
          street: "Lindenstraße 12",
          unit: "Example GmbH, 3rd floor",
          postcode: "10969",
          city: "Berlin",
          country: "DE",
          note: "Ring twice.\nThe dog is friendly, the cat is not.",
        },
      },
    });
  });

  it("takes the day and the time the customer chose from the note attributes", async () => {
    expect((await file).orders[0]?.order).toMatchObject({
      day: "2026-02-21",
      window: { after: "2026-02-21T09:00:00Z", before: "2026-02-21T11:00:00Z" },
    });
  });

  it("goes to the billing address, on the site's day, when nothing else is said", async () => {
    expect((await file).orders[1]).toMatchObject({
      line: 7,
      order: {
        number: "#1002",
        day: "2026-02-20",
        recipient: { name: "Bo Sample", phone: "+44 7700 900123", postcode: "BS1 4DJ", country: "GB" },
      },
    });
  });

  it("has the driver collect what is paid in cash, and read a time that is none", async () => {
    expect((await file).orders[2]?.order).toMatchObject({
      number: "#1004",
      day: "2026-02-22",
      window: null,
      cash: { amount: 12_490, currency: "EUR" },
      recipient: { phone: "+49 30 23125 104", note: "Careful, three tiers\nDelivery time: Morning" },
    });
  });

  it("says which orders are not imported, and why", async () => {
    expect((await file).orders.length).toBe(3);
    expect((await file).faults).toEqual([
      "8 Cancelled at: the order was cancelled in the shop",
      "11 Shipping Phone: phone “call me” is not a phone number",
      "11 Email: e-mail address “ed at example.com” is not an e-mail address",
      "12 Note Attributes: the customer picks the order up",
    ]);
  });
});

describe("WooCommerce's order exports", () => {
  it("with one row per thing ordered make one order each", async () => {
    const { orders, faults } = await imported("woocommerce_items");
    expect(guess((await tableIn("woocommerce_items")).columns).format).toBe("woocommerce");
    expect(orders).toMatchObject([
      {
        line: 2,
        order: {
          number: "2001",
          quantity: 5,
          recipient: {
            name: "Gus Example",
            street: "4 Orchard Road",
            country: "GB",
            note: "Leave with the neighbour",
          },
        },
      },
      {
        line: 4,
        order: {
          number: "2002",
          cash: null,
          recipient: {
            name: "Hal Muster",
            unit: "Muster AG",
            city: "Zürich",
            note: "Cash on delivery: 58.40",
          },
        },
      },
    ]);
    expect(faults).toEqual(["5 Order Status: the order was cancelled in the shop"]);
  });

  it("with one row per order and headers in small letters are read as well", async () => {
    const { orders, faults } = await imported("woocommerce_orders");
    expect(guess((await tableIn("woocommerce_orders")).columns).format).toBe("woocommerce");
    expect(orders.map(({ order }) => order)).toMatchObject([
      {
        number: "W-811",
        day: "2026-02-21",
        window: { after: "2026-02-21T13:00:00Z", before: "2026-02-21T15:00:00Z" },
        cash: { amount: 1990, currency: "EUR" },
        recipient: { name: "Ina Beispiel", street: "Am Markt 1", unit: "Hinterhaus", phone: "030 23125 200" },
      },
      {
        number: "W-812",
        cash: null,
        recipient: { name: "Jo Example", street: "Am Markt 2", note: "Second bell" },
      },
    ]);
    expect(faults).toEqual([]);
  });
});

describe("WooDelivery's tasks", () => {
  it("are read by the names of their fields, and a number that comes twice is a fault the second time", async () => {
    const { orders, faults } = await imported("woodelivery_tasks");
    expect(guess((await tableIn("woodelivery_tasks")).columns).format).toBe("woodelivery");
    expect(orders.map(({ order }) => order)).toMatchObject([
      {
        number: "T-1",
        day: "2026-03-02",
        window: { after: "2026-03-02T08:00:00Z", before: "2026-03-02T16:00:00Z" },
        serviceMinutes: 10,
        tags: ["heavy", "stairs"],
        recipient: {
          name: "Kim Example",
          street: "12 Harbour Street, Springfield",
          unit: "Tower B",
          note: "Side entrance\nTwo crates of water",
          position: { lat: 48.1374, lon: 11.5755 },
        },
      },
      {
        number: "T-2",
        window: { after: "2026-03-02T08:00:00Z", before: "2026-03-02T10:00:00Z" },
        serviceMinutes: 15,
      },
    ]);
    expect(faults).toEqual(["4 externalKey: the order number stands on line 3 already"]);
  });
});

describe("a company's own spreadsheet", () => {
  it("in German, from an old Excel, is understood by its headers", async () => {
    const table = await tableIn("lieferungen");
    expect(table).toMatchObject({ encoding: "windows-1252", delimiter: ";" });
    const { orders } = await ordersOf(table);
    expect(orders.map(({ order }) => order)).toMatchObject([
      {
        number: "A-1",
        kind: "delivery",
        day: "2026-02-21",
        window: { after: "2026-02-21T09:00:00Z", before: "2026-02-21T11:00:00Z" },
        priority: "high",
        weightKg: 12.5,
        cash: { amount: 123_450, currency: "EUR" },
        recipient: {
          name: "Jürgen Müßig",
          street: "Königsallee 5",
          note: 'Klingel "Müßig" drücken',
          country: "DE",
        },
      },
      {
        number: "A-2",
        kind: "pickup",
        window: { after: "2026-02-21T23:00:00Z", before: "2026-02-22T17:00:00Z" },
        weightKg: 0.8,
        recipient: { name: "Zoë Öztürk", country: "AT" },
      },
    ]);
  });

  it("hears of every cell that was not understood, by its own header", async () => {
    const { faults } = await imported("lieferungen");
    expect(faults).toEqual([
      "4 Liefertag: day “31.02.2026” is not a day such as 2026-11-23 or 23.11.2026",
      "4 Von: earliest time “zehn” is not a time such as 10:00, 10:00 - 12:00 or 2026-11-23 10:00",
      "4 Art: kind “Zauberei” is none of delivery, pickup, service",
      "4 Priorität: priority “sofort” is none of low, normal, high",
      "4 Gewicht: weight “viel” is not a weight in kg",
      "4 Nachnahmebetrag: cash amount “zwölf” is not an amount of money",
      "4 Land: country “Atlantis” is not a country we know by that name",
    ]);
  });

  it.each([
    [
      [
        "Order no.",
        "Customer name",
        "Customer phone",
        "Delivery address",
        "Postal code",
        "Town",
        "Delivery date",
      ],
      ["number", "name", "phone", "street", "postcode", "city", "day"],
    ],
    [
      ["Bestell-Nr.", "Kundenname", "Tel.", "Lieferanschrift", "PLZ", "Ort", "Zeitfenster", "Bemerkung"],
      ["number", "name", "phone", "street", "postcode", "city", "after", "note"],
    ],
    [
      ["shipping_phone", "billing_phone", "customer number", "Product name", "Bogus"],
      ["phone", null, null, null, null],
    ],
  ])("with the headers %j is mapped", (columns, fields) => {
    const { format, mapping } = guess(columns);
    const fieldOf = new Map(Object.entries(mapping).map(([field, column]) => [column, field]));
    expect(format).toBe("custom");
    expect(columns.map((column) => fieldOf.get(column) ?? null)).toEqual(fields);
  });
});
