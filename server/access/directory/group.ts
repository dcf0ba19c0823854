import { sql } from "kysely";
import SCIMMY from "scimmy";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { type GeneratedMoment, violates } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { Id, line } from "../../platform/schema.ts";
import type { ProviderRow } from "../sso/provider.ts";
import { settleAll } from "./user.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    directoryGroups: {
      id: string;
      providerId: string;
      name: string;
      externalId: string | null;
      createdAt: GeneratedMoment;
      updatedAt: GeneratedMoment;
    };
    directoryMembers: { groupId: string; userId: string };
  }
}

/** A group as SCIM has it. */
interface ScimGroup {
  id: string;
  displayName: string;
  externalId?: string;
  members: { value: string }[];
  meta: { created: Date; lastModified: Date };
}

interface GivenGroup {
  displayName: string;
  externalId?: string | undefined;
  members?: { value: string }[] | undefined;
}

const { Error: ScimError } = SCIMMY.Types;

/** The groups a directory has sent, with their members unless those are not wanted. */
export async function listGroups(
  reader: Reader,
  provider: ProviderRow,
  { id, displayName, members = true }: { id?: string; displayName?: string; members?: boolean },
): Promise<ScimGroup[]> {
  const rows = await reader.db.selectFrom("directoryGroups").selectAll("directoryGroups")
    .select(
      members
        ? sql<string[]>`array(select user_id from directory_members where group_id = directory_groups.id)`.as(
          "members",
        )
        : sql<string[]>`'{}'::uuid[]`.as("members"),
    )
    .where("providerId", "=", provider.id)
    .$if(id !== undefined, (query) => query.where("id", "=", id!))
    .$if(
      displayName !== undefined,
      // What cannot be stored is no group's name, and PostgreSQL refuses it as text.
      (query) => query.where(sql`lower(name)`, "=", displayName!.replaceAll("\0", "\ufffd").toLowerCase()),
    )
    .orderBy("id").execute();
  return rows.map((row) => ({
    id: row.id,
    displayName: row.name,
    ...(row.externalId !== null && { externalId: row.externalId }),
    members: row.members.map((value) => ({ value })),
    meta: { created: row.createdAt, lastModified: row.updatedAt },
  }));
}

/**
 * Makes or replaces a group, and brings the accounts of whoever came, went or has another group name now to it.
 * @throws SCIMError uniqueness, invalidValue for members that are nobody, 404
 */
export async function writeGroup(
  change: Change,
  provider: ProviderRow,
  id: string | undefined,
  given: GivenGroup,
): Promise<ScimGroup> {
  const had = id === undefined ? null : (await listGroups(change, provider, { id: asId(id) }))[0];
  if (had === undefined) throw noGroup();
  const groupId = had?.id ?? newId();
  const values = {
    name: asLine(given.displayName),
    externalId: given.externalId === undefined ? null : asLine(given.externalId),
  };
  try {
    if (had) {
      await change.tx.updateTable("directoryGroups").set({ ...values, updatedAt: sql<Date>`now()` })
        .where("id", "=", groupId).execute();
    } else {
      await change.tx.insertInto("directoryGroups").values({
        id: groupId,
        providerId: provider.id,
        ...values,
      }).execute();
    }
  } catch (error) {
    if (!violates(error, "directory_groups_provider_id_name_key")) throw error;
    throw new ScimError(409, "uniqueness", "There is a group of this displayName already");
  }
  const before = new Set(had?.members.map(({ value }) => value));
  const after = new Set((given.members ?? []).map(({ value }) => asId(value)));
  const came = [...after.difference(before)], went = [...before.difference(after)];
  await everybodyIsThere(change, provider, came);
  if (went.length > 0) {
    await change.tx.deleteFrom("directoryMembers").where("groupId", "=", groupId)
      .where("userId", "=", sql<string>`any(${went}::uuid[])`).execute();
  }
  if (came.length > 0) {
    await sql`insert into directory_members (group_id, user_id) select ${groupId}, unnest(${came}::uuid[])`
      .execute(
        change.tx,
      );
  }
  change.record(had ? "directory.group-changed" : "directory.group-made", {
    provider: provider.id,
    group: groupId,
    came: came.length,
    went: went.length,
  });
  const isRenamed = had !== null && had.displayName !== given.displayName;
  await settleAll(change, provider, isRenamed ? [...before.union(after)] : [...came, ...went]);
  return (await listGroups(change, provider, { id: groupId }))[0]!;
}

/** Forgets a group; whoever had a role by it alone has none. @throws SCIMError 404 */
export async function removeGroup(change: Change, provider: ProviderRow, id: string): Promise<void> {
  const [group] = await listGroups(change, provider, { id: asId(id) });
  if (!group) throw noGroup();
  await change.tx.deleteFrom("directoryGroups").where("id", "=", group.id).execute();
  change.record("directory.group-removed", {
    provider: provider.id,
    group: group.id,
    went: group.members.length,
  });
  await settleAll(change, provider, group.members.map(({ value }) => value));
}

async function everybodyIsThere(
  change: Change,
  provider: ProviderRow,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const { count } = await change.tx.selectFrom("directoryUsers")
    .select(({ fn }) => fn.countAll<number>().as("count")).where("providerId", "=", provider.id)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).executeTakeFirstOrThrow();
  if (Number(count) === ids.length) return;
  throw new ScimError(400, "invalidValue", "A member is no user of this directory");
}

/** @throws SCIMError 404 for what cannot be an id of ours */
function asId(text: string): string {
  const id = Id.safeParse(text);
  if (id.success) return id.data;
  throw noGroup();
}

/** @throws SCIMError invalidValue for what is not a line of text that can be stored */
function asLine(text: unknown): string {
  const read = line(500).safeParse(text);
  if (read.success) return read.data;
  throw new ScimError(
    400,
    "invalidValue",
    "displayName and externalId are a line of text, up to 500 characters",
  );
}

const noGroup = () => new ScimError(404, null as unknown as string, "There is no such user or group");
