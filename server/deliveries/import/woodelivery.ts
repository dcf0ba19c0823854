import type { Format } from "./format.ts";
import { byHeaderKey, headerKey } from "./headers.ts";

/**
 * Tasks of WooDelivery (called Wodely since 2026), by the names its task form and its API give the fields. Its
 * `taskTypeId` and numeric `priority` are not read: what their numbers mean differs from account to account.
 */
export const woodelivery: Format = {
  wrote(columns) {
    const keys = byHeaderKey(columns);
    return ["destinationAddress", "recipientName"].every((header) => keys.has(headerKey(header)));
  },
  severalRows: false,
  candidates: {
    number: ["orderNumber", "externalKey", "orderId", "taskId"],
    name: ["recipientName"],
    phone: ["recipientPhone"],
    email: ["recipientEmail"],
    street: ["destinationAddress"],
    unit: ["destinationBuilding"],
    postcode: ["destinationPostcode", "destinationZip"],
    city: ["destinationCity"],
    country: ["destinationCountry"],
    note: ["destinationNotes", "deliveryNotes", "recipientNotes", "notes"],
    // `48.1374,11.5755` in one column
    lat: ["destinationLatitude", "destinationLat", "destinationCoordinates"],
    lon: ["destinationLongitude", "destinationLng", "destinationLon"],
    kind: ["typeDesc", "taskType"],
    day: ["deliveryDate"],
    after: ["afterDateTime", "deliveryAfter"],
    before: ["beforeDateTime", "deliveryBefore"],
    serviceMinutes: ["serviceTime"],
    quantity: ["totalQty", "quantity", "packages"],
    weightKg: ["totalWeight", "weight"],
    cashAmount: ["amountDue", "dueAmount", "cod"],
    currency: ["currency"],
    tags: ["tags"],
    reference: ["merchantReference", "externalKey", "merchantId"],
  },
  further(cell) {
    const tags = [1, 2, 3, 4, 5].map((nth) => cell(`tag${nth}`)).filter(({ text }) => text !== "");
    return tags[0] ? { tags: { column: tags[0].column, text: tags.map(({ text }) => text).join(",") } } : {};
  },
  remark: (cell) => cell("taskDesc"),
};
