import { z } from "zod";
import { states } from "../deliveries/schema.ts";

/** A link for the recipient. The token stands in the fragment, so that neither proxy nor server log holds it. */
export const TrackingLink = z.object({ url: z.url(), expiresAt: z.string() });
export type TrackingLink = z.infer<typeof TrackingLink>;

/** What the recipient sees. Token in `Authorization: Tracking TOKEN`. No name, no address: a link can be forwarded. */
export const Tracking = z.object({
  companyName: z.string(),
  number: z.string(),
  state: z.enum(states),
  day: z.string(),
  window: z.object({ after: z.string(), before: z.string() }).nullable(),
  timeZone: z.string(),
  /** First name only, and only while the driver is on the way or has been. */
  driverFirstName: z.string().nullable(),
  outcome: z.string().nullable(),
  steps: z.array(z.object({ state: z.enum(states), at: z.string() })),
  expiresAt: z.string(),
});
export type Tracking = z.infer<typeof Tracking>;
