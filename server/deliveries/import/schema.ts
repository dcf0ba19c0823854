import { z } from "zod";
import { Id, line, pageOf, paging } from "../../platform/schema.ts";
import { DeliveryFields, Recipient } from "../schema.ts";

/** The fields an import can fill, in the order the mapping form shows them. */
export const importFields = [
  "number",
  "name",
  "firstName",
  "lastName",
  "phone",
  "email",
  "street",
  "street2",
  "unit",
  "postcode",
  "city",
  "country",
  "note",
  "lat",
  "lon",
  "kind",
  "day",
  "after",
  "before",
  "serviceMinutes",
  "priority",
  "quantity",
  "weightKg",
  "volumeL",
  "cashAmount",
  "currency",
  "tags",
  "reference",
] as const;
export type ImportField = (typeof importFields)[number];

/** Formats recognised by their header line. */
export const importFormats = ["shopify", "woocommerce", "woodelivery", "custom"] as const;
export type ImportFormat = (typeof importFormats)[number];

/** Which column (by its header, as the file spells it) fills which field. */
export const Mapping = z.partialRecord(z.enum(importFields), line(200));
export type Mapping = z.infer<typeof Mapping>;

export const ImportOptions = z.object({
  format: z.enum(importFormats).default("custom"),
  mapping: Mapping,
  /** Day for rows that name none; null: the day the import runs, at the site. */
  defaultDay: z.iso.date().nullable().default(null),
  /** What a two-sided date such as 03/04/2026 means. */
  dateOrder: z.enum(["day-first", "month-first"]).default("day-first"),
});
export type ImportOptions = z.infer<typeof ImportOptions>;

/**
 * `line` counts lines of the file from 1 (the header is line 1); `column` is the header's text, null for the whole row.
 * What is `left-out` is as it should be (cancelled in the shop, picked up there) and stands in the way of nothing.
 */
export const Fault = z.object({
  line: z.int(),
  column: z.string().nullable(),
  reason: z.string(),
  kind: z.enum(["fault", "left-out"]),
});
export type Fault = z.infer<typeof Fault>;

/** An order as a file makes it: a new order without its site. */
export const ImportedOrder = DeliveryFields.extend({ recipient: Recipient });

/** The file's text is the body; its name and the site the orders are for stand in the query. */
export const ImportUpload = z.object({ site: Id, name: line(200) });
export type ImportUpload = z.infer<typeof ImportUpload>;

/** What was read of the file: shown so that a person can check the mapping before anything is written. */
export const ImportPreview = z.object({
  id: Id,
  siteId: Id,
  /** Null once the importing person has been erased. */
  fileName: z.string().nullable(),
  encoding: z.enum(["utf-8", "utf-16le", "utf-16be", "windows-1252"]),
  delimiter: z.enum([",", ";", "\t", "|"]),
  columns: z.array(z.string()),
  sample: z.array(z.array(z.string())),
  rows: z.int(),
  options: ImportOptions,
  /** Orders the file makes under this mapping (an order may take several rows). */
  orders: z.int(),
  /** The first of these orders. */
  firstOrders: z.array(ImportedOrder),
  faults: z.array(Fault),
  /** How many there are in all; `faults` lists the first 200 of each kind. */
  faultCount: z.int(),
  leftOutCount: z.int(),
});
export type ImportPreview = z.infer<typeof ImportPreview>;

/** Leave faulty orders out, or write nothing if there is a single one. */
export const importModes = ["valid-rows", "all-or-nothing"] as const;
export type ImportMode = (typeof importModes)[number];
export const ImportRun = z.object({ mode: z.enum(importModes) });

export const importStates = ["previewed", "waiting", "running", "done", "refused", "failed"] as const;
export type ImportState = (typeof importStates)[number];
export const Import = z.object({
  id: Id,
  siteId: Id,
  fileName: z.string().nullable(),
  state: z.enum(importStates),
  mode: z.enum(importModes).nullable(),
  rows: z.int(),
  /** Orders gone through so far, of `orders`; they are written all at the same moment, when all are done. */
  done: z.int(),
  orders: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  faultCount: z.int(),
  leftOutCount: z.int(),
  /** The first 200 of each kind; in a list of imports none. */
  faults: z.array(Fault),
  /** Why it was refused or failed, in a sentence. */
  reason: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type Import = z.infer<typeof Import>;

export const ImportQuery = z.object({ site: Id.optional(), ...paging(100) });
export type ImportQuery = z.infer<typeof ImportQuery>;
export const ImportPage = pageOf(Import);
