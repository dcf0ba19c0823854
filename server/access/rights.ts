/**
 * Who may do what: one table, read by the router, the web UI and people (ASVS 5.0 V8.1.1).
 * A right that is not listed for a role is not given; there is no wildcard.
 */
export const roles = [
  "owner",
  "admin",
  "dispatcher",
  "driver",
  "auditor",
  "privacy-officer",
  "integration",
] as const;
export type Role = (typeof roles)[number];

const table = {
  "own-session": ["owner", "admin", "dispatcher", "driver", "auditor", "privacy-officer", "integration"],
  "company.read": ["owner", "admin", "dispatcher", "driver", "auditor", "privacy-officer", "integration"],
  "company.write": ["owner", "admin"],
  "sites.read": ["owner", "admin", "dispatcher", "driver", "auditor", "privacy-officer", "integration"],
  "sites.write": ["owner", "admin"],
  "accounts.read": ["owner", "admin", "auditor"],
  "accounts.write": ["owner", "admin"],
  // Another role for a time: owners have every right already, and drivers work from phones.
  "elevations.request": ["admin", "dispatcher", "auditor", "privacy-officer"],
  "elevations.decide": ["owner", "admin"],
  "elevations.read": ["owner", "admin", "auditor"],
  // A key may reach what its maker reaches, so only those make one who reach everything.
  "keys.read": ["owner", "admin", "auditor"],
  "keys.write": ["owner"],
  // How people sign in: whoever sets that up badly locks everybody out, or lets anybody in.
  "sso.read": ["owner", "admin", "auditor"],
  "sso.write": ["owner", "admin"],
  "sign-in-policy.write": ["owner"],
  "drivers.read": ["owner", "admin", "dispatcher", "auditor", "privacy-officer"],
  "drivers.write": ["owner", "admin", "dispatcher"],
  "orders.read": ["owner", "dispatcher", "auditor", "privacy-officer", "integration"],
  "orders.write": ["owner", "dispatcher", "integration"],
  "orders.dispatch": ["owner", "dispatcher"],
  // Steps and proofs: dispatchers for any order of their sites, drivers for the orders they have.
  "orders.step": ["owner", "dispatcher", "driver"],
  "orders.drive": ["driver"],
  "proofs.read": ["owner", "dispatcher", "auditor", "privacy-officer"],
  "audit.read": ["owner", "auditor"],
  "backups.read": ["owner", "admin", "auditor"],
  "backups.run": ["owner", "admin"],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof table;
export const rights = Object.keys(table) as Right[];

/** Whether `role` has `right` at all; which sites it reaches is the query's business (see `Actor.sites`). */
export const allows = (role: Role, right: Right): boolean => (table[right] as readonly Role[]).includes(role);

/** Every right of a role, in the table's order. */
export const rightsOf = (role: Role): Right[] => rights.filter((right) => allows(role, right));

/** What an API key can be given: what an integration may do, but for what needs a session. */
export const keyRights = [
  "company.read",
  "sites.read",
  "orders.read",
  "orders.write",
] as const satisfies Right[];
export type KeyRight = typeof keyRights[number];

/** Roles that see every site of the company; the others see the sites they are given. */
export const seesAllSites = (role: Role): boolean =>
  role === "owner" || role === "admin" || role === "auditor" || role === "privacy-officer";
