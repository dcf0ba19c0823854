/** Who acts. Held by every `Reader` and `Change`; written into every audit entry. */
export interface Actor {
  /** The account, or null for the system and for somebody not signed in. */
  accountId: string | null;
  sessionId: string | null;
  /** The person (subject) behind the account, under whose key what belongs to them is sealed. */
  personId: string | null;
  role: string | null;
  /** The driver this account drives as. */
  driverId: string | null;
  /** The sites whose things this actor may touch. */
  sites: "all" | string[];
  /** What of their role's rights they have; null: all of them. */
  rights: readonly string[] | null;
  /** The elevation by which `role` is another than their own, for a time. */
  elevation: string | null;
  /** Whether they have shown a second factor within the last minutes, as grave acts need. */
  isFresh: boolean;
  /** How somebody without an account came: `tracking-link`, `invitation`, `set-up`, `job import`, … */
  via: string | null;
}

/** The appliance itself, doing a job. */
export const system = (via: string): Actor => ({
  accountId: null,
  sessionId: null,
  personId: null,
  role: null,
  driverId: null,
  sites: "all",
  rights: null,
  elevation: null,
  isFresh: false,
  via,
});

/** Somebody not signed in, who came with a link or a token. Sees no site. */
export const visitor = (via: string): Actor => ({ ...system(via), sites: [] });
