import { quoted } from "./import/files.ts";

/** An order as a shop's export has it; the columns are those of Shopify that an import reads. */
export interface ShopOrder {
  number: string;
  name: string;
  email: string;
  phone: string;
  street: string;
  postcode: string;
  city: string;
  note: string;
  /** As the customer chose it, `2026-11-24`. */
  day: string;
  quantity: number;
  cancelled: boolean;
}

/** An invented order; the n-th has its own person, number and street. */
export const shopOrder = (n: number, overrides: Partial<ShopOrder> = {}): ShopOrder => ({
  number: `#${1000 + n}`,
  name: `Planted-Mila Recipient${n}`,
  email: `mila.${n}@planted.example`,
  phone: `+49 30 23125 ${100 + n}`,
  street: `Planted-Ahornallee ${n}`,
  postcode: "05017",
  city: "Planted-Lindental",
  note: "Planted-note: ring twice.",
  day: "2026-11-24",
  quantity: 2,
  cancelled: false,
  ...overrides,
});

const columns: [header: string, of: (order: ShopOrder) => string][] = [
  ["Name", (order) => order.number],
  ["Email", (order) => order.email],
  ["Financial Status", () => "paid"],
  ["Currency", () => "EUR"],
  ["Total", () => "44.90"],
  ["Lineitem quantity", (order) => String(order.quantity)],
  ["Lineitem name", () => "Sourdough, large"],
  ["Shipping Name", (order) => order.name],
  ["Shipping Address1", (order) => order.street],
  ["Shipping City", (order) => order.city],
  ["Shipping Zip", (order) => `'${order.postcode}`],
  ["Shipping Country", () => "DE"],
  ["Shipping Phone", (order) => order.phone],
  ["Notes", (order) => order.note],
  ["Note Attributes", (order) => order.day && `Delivery Date: ${order.day}`],
  ["Cancelled at", (order) => order.cancelled ? "2026-11-20 10:00:00 +0000" : ""],
];

/** The file a shop writes of these orders. */
export function shopFile(orders: readonly ShopOrder[]): Uint8Array {
  const lines = [
    columns.map(([header]) => header),
    ...orders.map((order) => columns.map(([, of]) => quoted(of(order)))),
  ];
  return new TextEncoder().encode(lines.map((cells) => cells.join(",")).join("\r\n"));
}
