import { z } from "zod";
import { editOf, Id, line, pageOf, paging, Position, TimeZone } from "../platform/schema.ts";

/** A depot or shop that deliveries start from. Its address is the company's, not a person's. */
export const SiteFields = z.object({
  name: line(80),
  street: line(120).nullable().default(null),
  postcode: line(16).nullable().default(null),
  city: line(80).nullable().default(null),
  position: Position.nullable().default(null),
  timeZone: TimeZone,
});
export type SiteFields = z.infer<typeof SiteFields>;

export const Site = SiteFields.extend({ id: Id, active: z.boolean(), version: z.int() });
export type Site = z.infer<typeof Site>;

export const SiteEdit = editOf(SiteFields.extend({ active: z.boolean() }));
export type SiteEdit = z.infer<typeof SiteEdit>;

export const SiteQuery = z.object(paging(200));
export type SiteQuery = z.infer<typeof SiteQuery>;
export const SitePage = pageOf(Site);
