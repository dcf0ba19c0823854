import { type Role, seesAllSites } from "../rights.ts";
import { claimOf, type Claims, textOf, wordsOf } from "./claims.ts";
import { SsoRefused } from "./refusal.ts";
import { mappedRoles, type ProviderSettings } from "./schema.ts";

/** What somebody's groups make of them. */
export interface Share {
  role: Role;
  siteIds: string[];
}

/**
 * The groups a provider names for somebody.
 * @throws SsoRefused groups-overage where Entra ID leaves them out because there are too many
 */
export function groupsOf(claims: Claims, { groupClaim }: ProviderSettings): string[] {
  if (groupClaim === null) return [];
  const value = claimOf(claims, groupClaim);
  if (value === undefined) {
    const elsewhere = claims._claim_names;
    if (elsewhere && typeof elsewhere === "object" && Object.hasOwn(elsewhere, groupClaim)) {
      throw new SsoRefused("groups-overage", { claim: groupClaim });
    }
  }
  return wordsOf(value);
}

/**
 * The role and sites that follow from somebody's groups, or null for none. Of several roles the mightiest counts, in the
 * table's order, with the sites of every group that gives it. The order of groups says nothing.
 */
export function shareOf(groups: readonly string[], { mappings, everybody }: ProviderSettings): Share | null {
  const given = [
    ...mappings.filter(({ group }) => groups.includes(group)),
    ...(everybody ? [everybody] : []),
  ];
  const role = mappedRoles.find((role) => given.some((share) => share.role === role));
  if (!role) return null;
  const sites = given.filter((share) => share.role === role).flatMap((share) => share.siteIds);
  return { role, siteIds: seesAllSites(role) ? [] : [...new Set(sites)] };
}

const known = new Set(["pwd", "pin", "kba"]);
const held = new Set(["otp", "hwk", "swk", "pop", "sc", "fido", "tel", "sms"]);

/** Whether claims say that two factors were shown (RFC 8176; OpenID Connect Core 1.0, 2; ASVS 5.0 V6.8.4). */
export function hasSecondFactor(
  claims: Claims,
  { secondFactor, acrValues, amrValues }: ProviderSettings,
): boolean {
  if (secondFactor === "trusted") return true;
  const acr = textOf(claims.acr, 200);
  const amr = wordsOf(claims.amr);
  // Something known and something held: each alone is one factor, though the second sounds like two.
  if (amr.some((one) => known.has(one)) && amr.some((one) => held.has(one))) return true;
  return (acr !== null && acrValues.includes(acr)) ||
    amr.some((one) => amrValues.includes(one));
}

/** The first claim that has not the value it must have, or null. Numbers and truths count as they are written. */
export function missingRequirement(claims: Claims, { requires }: ProviderSettings): string | null {
  const unmet = requires.find(({ claim, value }) => {
    const given = claimOf(claims, claim);
    const words = typeof given === "number" || typeof given === "boolean" ? [String(given)] : wordsOf(given);
    return !words.includes(value);
  });
  return unmet?.claim ?? null;
}
