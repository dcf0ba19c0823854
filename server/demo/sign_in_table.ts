import type { Role } from "../access/rights.ts";
import type { DemoSignIn } from "./feed.ts";

const shownRoles: readonly Role[] = ["dispatcher", "driver", "admin", "owner", "auditor", "privacy-officer"];
const headings = ["role", "e-mail", "password", "TOTP secret"];

/** How to sign in as one person of each role, as text for a terminal; of the drivers one who is on the road. */
export function signInTable(signIns: readonly DemoSignIn[]): string {
  const rows = shownRoles.flatMap((role) => {
    const ofRole = signIns.filter((signIn) => signIn.role === role);
    const shown = ofRole.find(({ onTheRoad }) => onTheRoad) ?? ofRole[0];
    return shown ? [[role, shown.email, shown.password, shown.totpSecret]] : [];
  });
  const widths = headings.map((_, column) =>
    Math.max(...[headings, ...rows].map((row) => row[column]!.length))
  );
  const lines = [headings, ...rows].map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
  return `Demo accounts of an invented company. Type a TOTP secret into an authenticator app; it shows the code that
belongs to the password. They are shown this once and are for trying the product: keep no real data here.

${lines.join("\n")}
`;
}
