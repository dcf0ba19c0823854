import { type Cell, type CellNamed, type Cells, filled, type Format, isCashOnDelivery } from "./format.ts";
import { byHeaderKey, headerKey } from "./headers.ts";

const numbers = ["Order Number", "Order ID", "Order #"];
/** Most exports do not name the currency; then what the driver collects can only be said in words. */
const currencies = ["Order Currency", "Currency"];

/**
 * Order exports of WooCommerce shops, which the shop itself cannot write: those of the plugins in common use, with
 * headers such as `First Name (Shipping)`, `shipping_first_name` or `Shipping First Name`. One row per order, or one per
 * thing ordered with the order's own columns repeated or left empty.
 */
export const woocommerce: Format = {
  wrote(columns) {
    const keys = byHeaderKey(columns);
    const has = (headers: string[]) => headers.some((header) => keys.has(headerKey(header)));
    return has(numbers) && has([
      ...["First Name (Shipping)", "Full Name (Shipping)", "Address 1&2 (Shipping)", "Address 1 (Shipping)"],
      ...["First Name (Billing)", "Full Name (Billing)", "Address 1&2 (Billing)", "Address 1 (Billing)"],
    ]);
  },
  severalRows: true,
  candidates: {
    number: numbers,
    name: ["Full Name (Shipping)", "Name (Shipping)"],
    firstName: ["First Name (Shipping)"],
    lastName: ["Last Name (Shipping)"],
    phone: ["Phone (Shipping)", "Phone (Billing)", "Customer Phone"],
    email: ["Email (Billing)", "Customer Email", "Email"],
    street: ["Address 1&2 (Shipping)", "Address 1 (Shipping)", "Address (Shipping)"],
    street2: ["Address 2 (Shipping)"],
    unit: ["Company (Shipping)"],
    postcode: ["Postcode (Shipping)"],
    city: ["City (Shipping)"],
    country: ["Country Code (Shipping)", "Country (Shipping)", "Country Name (Shipping)"],
    note: ["Customer Note", "Order Notes", "Customer Message", "Note"],
    day: ["Delivery Date", "_delivery_date", "Order Delivery Date", "jckwds_date", "Lieferdatum"],
    after: [
      "Delivery Time",
      "Delivery Time Slot",
      "Time Slot",
      "_delivery_time_frame",
      "jckwds_timeslot",
      "Lieferzeit",
    ],
    quantity: ["Quantity", "Item Quantity", "Qty", "Total items", "Order Items Count"],
    weightKg: ["Order Total Weight", "Total Weight"],
    currency: currencies,
    reference: ["Transaction ID"],
  },
  excluded(cell) {
    const { column, text } = [cell("Order Status"), cell("Status")].find(({ text }) => text !== "") ??
      cell("Status");
    const became = notDelivered.get(text.toLowerCase().replace(/^wc-/, ""));
    return became ? { column, reason: `the order ${became} in the shop` } : null;
  },
  further(cell) {
    return { ...recipient(cell), ...cash(cell) };
  },
  remark(cell) {
    const { column, text } = cashOwed(cell);
    return { column, text: text && !cash(cell).cashAmount ? `Cash on delivery: ${text}` : "" };
  },
};

const notDelivered = new Map([
  ["cancelled", "was cancelled"],
  ["storniert", "was cancelled"],
  ["refunded", "was refunded"],
  ["rückerstattet", "was refunded"],
  ["failed", "was not paid for"],
  ["fehlgeschlagen", "was not paid for"],
  ["trash", "was thrown away"],
  ["checkout-draft", "was never finished"],
]);

/** Customers who gave no other address have their orders sent to the billing address. */
function recipient(cell: CellNamed): Cells {
  const oneOf = (...headers: string[]) =>
    headers.map(cell).find(({ text }) => text !== "") ?? cell(headers[0] ?? "");
  const phone = oneOf("Phone (Billing)", "Customer Phone");
  if (oneOf("Address 1&2 (Shipping)", "Address 1 (Shipping)", "Address (Shipping)").text) {
    return filled({ phone });
  }
  return filled({
    phone,
    name: oneOf("Full Name (Billing)", "Name (Billing)"),
    firstName: cell("First Name (Billing)"),
    lastName: cell("Last Name (Billing)"),
    street: oneOf("Address 1&2 (Billing)", "Address 1 (Billing)", "Address (Billing)"),
    street2: cell("Address 2 (Billing)"),
    unit: cell("Company (Billing)"),
    postcode: cell("Postcode (Billing)"),
    city: cell("City (Billing)"),
    country: oneOf("Country Code (Billing)", "Country (Billing)", "Country Name (Billing)"),
  });
}

function cash(cell: CellNamed): Cells {
  const known = currencies.some((header) => cell(header).text !== "");
  return known ? filled({ cashAmount: cashOwed(cell) }) : {};
}

/** What the driver is to collect; empty when the order is paid. */
function cashOwed(cell: CellNamed): Cell {
  const totals = ["Order Total Amount (- Refund)", "Order Total Amount", "Order Total"].map(cell);
  const total = totals.find(({ text }) => text !== "") ?? cell("Order Total");
  const methods = [cell("Payment Method Title"), cell("Payment Method")];
  const completed = cell("Order Status").text.toLowerCase() === "completed";
  return !completed && methods.some(({ text }) => isCashOnDelivery(text)) ? total : { ...total, text: "" };
}
