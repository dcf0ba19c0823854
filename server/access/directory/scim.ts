import SCIMMY from "scimmy";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { Id } from "../../platform/schema.ts";
import type { ProviderRow } from "../sso/provider.ts";
import { listGroups, removeGroup, writeGroup } from "./group.ts";
import { listUsers, removeUser, type ScimUser, type Wanted, writeUser } from "./user.ts";

/** What a handler is given beside the resource. */
export interface Context {
  provider: ProviderRow;
  reader: Reader;
  /** Only where something is written. */
  change?: Change;
  /** What went wrong in a handler: the library makes a "not found" of whatever it does not know. */
  fault?: unknown;
}

const { Resources, Types, Config } = SCIMMY;
const { Error: ScimError } = Types;

/** A page is no longer than this, whatever a directory asks for. */
export const MOST_RESULTS = 1_000;

/** What this speaks of SCIM 2.0, once a process: the library keeps it for all requests. */
export function declareResources(address: string): void {
  if (Resources.declared("User")) return;
  Config.set(
    {
      documentationUri: `${address.replace(/\/scim\/v2$/, "")}/api/docs`,
      patch: true,
      filter: { supported: true, maxResults: MOST_RESULTS },
      bulk: false,
      sort: false,
      changePassword: false,
      etag: false,
      authenticationSchemes: [{
        type: "oauthbearertoken",
        name: "Bearer token",
        description: "The key that the page Single sign-on shows once",
      }],
    } as unknown as Parameters<typeof Config.set>[0],
  );

  Resources.declare(Resources.User)
    .egress(noting(async (resource, context: Context) => {
      const { id, filter } = resource;
      if (id !== undefined) return one(await listUsers(context.reader, context.provider, { id: idOf(id) }));
      const sought = soughtBy(filter);
      const users = await listUsers(context.reader, context.provider, sought ?? {});
      // The library takes no account of names that are the same but for their case.
      return sought || !filter
        ? users
        : filter.match(users.map((user) => ({ name: {}, emails: [], ...user })));
    }))
    .ingress(noting((resource, data, context: Context) => {
      const given = data as unknown as ScimUser;
      return writeUser(context.change!, context.provider, resource.id, given);
    }))
    .degress(
      noting((resource, context: Context) => removeUser(context.change!, context.provider, resource.id!)),
    );

  Resources.declare(Resources.Group)
    .egress(noting(async (resource, context: Context) => {
      const { id, filter } = resource;
      if (id !== undefined) return one(await listGroups(context.reader, context.provider, { id: idOf(id) }));
      const name = equalTo(filter, "displayName");
      const groups = await listGroups(
        context.reader,
        context.provider,
        name === undefined ? {} : { displayName: name },
      );
      return name !== undefined || !filter ? groups : filter.match(groups);
    }))
    .ingress(noting((resource, data, context: Context) => {
      const given = data as unknown as {
        displayName: string;
        externalId?: string;
        members?: { value: string }[];
      };
      return writeGroup(context.change!, context.provider, resource.id, given);
    }))
    .degress(
      noting((resource, context: Context) => removeGroup(context.change!, context.provider, resource.id!)),
    );

  Resources.User.basepath(address);
  Resources.Group.basepath(address);
  Resources.Schema.basepath(address);
  Resources.ResourceType.basepath(address);
  Resources.ServiceProviderConfig.basepath(address);
}

/** Keeps what went wrong for whoever answers the request. */
// deno-lint-ignore no-explicit-any -- the library types a resource by generics that say less than they take room
function noting<R>(act: (...given: any[]) => R | Promise<R>): any {
  return async (...given: unknown[]) => {
    try {
      return await act(...given);
    } catch (error) {
      if (!(error instanceof ScimError)) (given.at(-1) as Context).fault = error;
      throw error;
    }
  };
}

/** @throws SCIMError 404 for what cannot be an id of ours */
function idOf(text: string): string {
  const id = Id.safeParse(text);
  if (id.success) return id.data;
  throw new ScimError(404, null as unknown as string, `Resource ${text.slice(0, 40)} not found`);
}

function one<T>(found: readonly T[]): T {
  if (found[0] !== undefined) return found[0];
  throw new ScimError(404, null as unknown as string, "Resource not found");
}

const NOBODY = "00000000-0000-7000-8000-000000000000";

type Filter = InstanceType<typeof Types.Filter> | undefined;

/** What a filter asks an attribute to be, if it asks for nothing else; those are what directories send, and have an index. */
function equalTo(filter: Filter, attribute: string): string | undefined {
  const [only] = filter ?? [];
  if (!only || filter!.length !== 1 || Object.keys(only).length !== 1) return undefined;
  const [, asked] = Object.entries(only as Record<string, unknown>)
    .find(([name]) => name.toLowerCase() === attribute.toLowerCase()) ?? [];
  return Array.isArray(asked) && asked[0] === "eq" && typeof asked[1] === "string" ? asked[1] : undefined;
}

function soughtBy(filter: Filter): Wanted | null {
  const id = equalTo(filter, "id");
  const userName = equalTo(filter, "userName");
  const externalId = equalTo(filter, "externalId");
  if ((id ?? userName ?? externalId) === undefined) return null;
  // What cannot be an id is nobody's.
  return { ...(id !== undefined && { id: Id.safeParse(id).data ?? NOBODY }), userName, externalId };
}
