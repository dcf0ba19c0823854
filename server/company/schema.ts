import { z } from "zod";
import { Country, line, TimeZone } from "../platform/schema.ts";

/** The company that runs this appliance. `holidays` is the country whose public holidays are no business days. */
export const Company = z.object({ name: line(120), timeZone: TimeZone, holidays: Country });
export type Company = z.infer<typeof Company>;
