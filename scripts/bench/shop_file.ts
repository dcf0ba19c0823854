/** The columns of Shopify's orders export as it writes them today (Orders → Export → plain CSV). */
const columns =
  `Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References`
    .split(",");

const firstNames = "Ada Bruno Clara Deniz Elif Felix Greta Hanna Ivo Jonas Kaya Lena Mila Noor Oskar Paula"
  .split(" ");
const lastNames =
  "Ahrens Birkholz Brandt Döring Eichler Falkner Hagedorn Jäger Klingbeil Lindner Möller Petzold"
    .split(" ");
const streets = "Ahornallee Birkenweg Bachstraße Dorfplatz Eichenring Gartenweg Lindenstraße Mühlgasse".split(
  " ",
);

/**
 * A Shopify export of so many orders of invented people, every second over two rows, with the BOM, the CRLF and the
 * quoted notes over several lines that a real one has. The same every time.
 */
export function shopFile(orders: number): Uint8Array<ArrayBuffer> {
  const lines = [columns.join()];
  for (let order = 0; order < orders; order++) {
    const cells = cellsOf(order);
    lines.push(row(cells));
    if (order % 2 === 1) {
      lines.push(row({
        "Name": cells.Name!,
        "Email": cells.Email!,
        "Lineitem quantity": "1",
        "Lineitem name": "Butter, salted",
        "Lineitem price": "3.20",
      }));
    }
  }
  return new TextEncoder().encode(`\ufeff${lines.join("\r\n")}\r\n`);
}

function cellsOf(order: number): Record<string, string> {
  const pick = (list: string[], by: number) => list[Math.floor(order / by) % list.length]!;
  const name = `${pick(firstNames, 1)} ${pick(lastNames, firstNames.length)}`;
  const street = `${pick(streets, 3)} ${1 + order % 140}`;
  const phone = `+49 30 23125 ${String(order % 1000).padStart(3, "0")}`;
  const city = `Lindental`;
  const hour = 8 + order % 9;
  const address = (kind: "Billing" | "Shipping") => ({
    [`${kind} Name`]: name,
    [`${kind} Street`]: street,
    [`${kind} Address1`]: street,
    [`${kind} City`]: city,
    [`${kind} Zip`]: `'050${10 + order % 80}`,
    [`${kind} Country`]: "DE",
    [`${kind} Phone`]: phone,
  });
  return {
    ...address("Billing"),
    ...address("Shipping"),
    "Name": `#${100_001 + order}`,
    "Email": `customer${order}@shop.example`,
    "Financial Status": "paid",
    "Paid at": "2026-02-20 10:00:05 +0000",
    "Fulfillment Status": "unfulfilled",
    "Accepts Marketing": "no",
    "Currency": "EUR",
    "Subtotal": "40.00",
    "Shipping": "4.90",
    "Taxes": "7.17",
    "Total": "44.90",
    "Shipping Method": "Local delivery",
    "Created at": "2026-02-20 10:00:00 +0000",
    "Lineitem quantity": String(1 + order % 4),
    "Lineitem name": "Sourdough, large",
    "Lineitem price": "8.00",
    "Lineitem requires shipping": "true",
    "Lineitem taxable": "true",
    "Lineitem fulfillment status": "pending",
    "Notes": order % 5 === 0 ? 'Ring twice.\nThe bell says "Garden".' : "",
    "Note Attributes": `Delivery Date: 2026/02/21\nDelivery Time: ${hour}:00 - ${hour + 2}:00`,
    "Payment Method": "Shopify Payments",
    "Vendor": "Example Bakery",
    "Id": String(5_550_000_000_000 + order),
    "Tags": order % 3 === 0 ? "fragile, vip" : "",
    "Risk Level": "Low",
    "Source": "web",
  };
}

const row = (cells: Record<string, string>): string =>
  columns.map((column) => quoted(cells[column] ?? "")).join();

const quoted = (text: string): string => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
