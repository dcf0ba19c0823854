import type { Change } from "../audit/change.ts";
import { conflict, notAllowed, type Problem } from "../platform/problem.ts";
import type { Role } from "./rights.ts";

/** Whose accounts a role may make, edit and disable: an admin looks after staff, not after owners and admins. */
const manages: Partial<Record<Role, readonly Role[]>> = {
  owner: ["owner", "admin", "dispatcher", "driver", "auditor", "privacy-officer"],
  admin: ["dispatcher", "driver", "auditor", "privacy-officer"],
};

/** Whether a role manages accounts of another. */
export const manageableBy = (manager: Role, role: Role): boolean => manages[manager]?.includes(role) ?? false;

/** @throws Problem not-allowed unless the actor's role manages accounts of `role` */
export function mayManage(change: Change, role: Role): void {
  if (manageableBy(change.actor.role as Role, role)) return;
  throw notAllowed(`Only an owner may do this with the role ${role}`);
}

/** Whether somebody besides the actor and account `id` manages accounts of `role`, and could sign in to do so. */
export async function isManagedByAnother(change: Change, id: string, role: Role): Promise<boolean> {
  const managers = (Object.keys(manages) as Role[]).filter((manager) => manages[manager]!.includes(role));
  const other = await change.tx.selectFrom("accounts").select("id").where("role", "in", managers)
    .where("disabled", "=", false).where("activated", "=", true)
    .where("id", "not in", [id, change.actor.accountId!]).limit(1).executeTakeFirst();
  return other !== undefined;
}

/** @throws Problem last-owner when nobody but this account could do what an owner does */
export async function leaveAnOwner(change: Change, id: string): Promise<void> {
  const other = await change.tx.selectFrom("accounts").select("id")
    .where("role", "=", "owner").where("disabled", "=", false).where("activated", "=", true)
    .where("id", "!=", id).limit(1).executeTakeFirst();
  if (other) return;
  throw conflict("last-owner", "This is the last owner of the company", {
    next: "Make somebody else an owner first, and wait until they have signed in.",
  });
}

export const ownAccount = (): Problem =>
  conflict("own-account", "Nobody changes their own role, disables or invites themselves", {
    next: "Ask another owner to do it.",
  });
