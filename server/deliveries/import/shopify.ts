import { type CellNamed, type Cells, filled, type Format, isCashOnDelivery } from "./format.ts";
import { byHeaderKey, headerKey, listed } from "./headers.ts";
import { readClock, readClockRange } from "./moments.ts";

/**
 * Shopify's orders export (Orders → Export): one row per thing ordered. What is said of the order as a whole stands
 * in its first row only; the rows after it repeat the name, mostly the e-mail address, and hold their own `Lineitem …`
 * columns. Postcodes begin with an apostrophe, so that spreadsheets leave them alone.
 */
export const shopify: Format = {
  wrote(columns) {
    const keys = byHeaderKey(columns);
    return ["Name", "Lineitem quantity", "Lineitem name"].every((header) => keys.has(headerKey(header)));
  },
  severalRows: true,
  candidates: {
    number: ["Name"],
    name: ["Shipping Name"],
    phone: ["Shipping Phone"],
    email: ["Email"],
    // `Shipping Street` is the two address lines in one.
    street: ["Shipping Address1", "Shipping Street"],
    street2: ["Shipping Address2"],
    unit: ["Shipping Company"],
    postcode: ["Shipping Zip"],
    city: ["Shipping City"],
    country: ["Shipping Country"],
    note: ["Notes"],
    quantity: ["Lineitem quantity"],
    currency: ["Currency"],
    tags: ["Tags"],
    reference: ["Id"],
  },
  excluded(cell) {
    const cancelled = cell("Cancelled at");
    if (cancelled.text !== "") {
      return { column: cancelled.column, reason: "the order was cancelled in the shop" };
    }
    const paid = cell("Financial Status");
    if (["refunded", "voided"].includes(paid.text.toLowerCase())) {
      return { column: paid.column, reason: `the order was ${paid.text.toLowerCase()} in the shop` };
    }
    const attributes = cell("Note Attributes");
    if (noteAttributes(attributes.text).get("checkout method") === "pickup") {
      return { column: attributes.column, reason: "the customer picks the order up" };
    }
    return null;
  },
  further(cell) {
    return { ...recipient(cell), ...cash(cell), ...wishes(cell) };
  },
  remark(cell) {
    const { column, text } = cell("Note Attributes");
    const time = firstOf(noteAttributes(text), timeNames);
    return { column, text: time && !isTime(time) ? `Delivery time: ${time}` : "" };
  },
};

/** Orders without an address to ship to go to the billing address; its phone number is better than none. */
function recipient(cell: CellNamed): Cells {
  const phone = [cell("Phone"), cell("Billing Phone")].find(({ text }) => text !== "");
  const shipped = cell("Shipping Address1").text !== "" || cell("Shipping Street").text !== "";
  const billing = shipped ? {} : {
    name: cell("Billing Name"),
    street: cell("Billing Address1").text ? cell("Billing Address1") : cell("Billing Street"),
    street2: cell("Billing Address2"),
    unit: cell("Billing Company"),
    postcode: cell("Billing Zip"),
    city: cell("Billing City"),
    country: cell("Billing Country"),
  };
  return filled({ ...(phone && { phone }), ...billing });
}

/** An order that waits for its cash is paid to the driver: what is outstanding, or all of it. */
function cash(cell: CellNamed): Cells {
  const pays = isCashOnDelivery(cell("Payment Method").text);
  if (!pays || !["pending", "partially_paid"].includes(cell("Financial Status").text.toLowerCase())) {
    return {};
  }
  const outstanding = cell("Outstanding Balance");
  return filled({ cashAmount: Number(outstanding.text) > 0 ? outstanding : cell("Total") });
}

const dayNames = listed(
  `delivery date, delivery day, local delivery date, requested delivery date, date, lieferdatum,
  liefertag, wunschtermin, datum, date de livraison`,
);
const timeNames = listed(
  `delivery time, delivery window, delivery slot, delivery time slot, time slot, timeslot, time,
  lieferzeit, lieferfenster, zeitfenster, uhrzeit, heure de livraison, creneau de livraison`,
);

/** Apps that let customers choose a day and a time leave them in the note attributes, by many names. */
function wishes(cell: CellNamed): Cells {
  const { column, text } = cell("Note Attributes");
  const attributes = noteAttributes(text);
  const time = firstOf(attributes, timeNames);
  return filled({
    day: { column, text: firstOf(attributes, dayNames) },
    after: { column, text: isTime(time) ? time : "" },
  });
}

const isTime = (text: string) => (readClockRange(text) ?? readClock(text)) !== null;

function firstOf(attributes: Map<string, string>, names: string[]): string {
  return names.map((name) => attributes.get(name)).find((value) => value) ?? "";
}

/** `Delivery-Date: 2026/02/21`, one to a line, by their names in lower case with spaces for other signs. */
function noteAttributes(text: string): Map<string, string> {
  return new Map(
    text.split("\n").filter((line) => line.includes(":")).map((line) => {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
      return [name.replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim(), line.slice(colon + 1).trim()];
    }),
  );
}
