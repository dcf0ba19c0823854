import type { Context as HonoContext } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import SCIMMY from "scimmy";
import { system } from "../../audit/actor.ts";
import { change } from "../../audit/change.ts";
import { asProblem } from "../../audit/failure.ts";
import { Reader } from "../../audit/reader.ts";
import { recordRefusal } from "../../audit/refusal.ts";
import { answers, body, jsonFrom, params, readUpTo } from "../../platform/http.ts";
import { Id } from "../../platform/schema.ts";
import { completeLogins } from "../login.ts";
import { type AppEnv, fresh, may, open } from "../may.ts";
import type { ProviderRow } from "../sso/provider.ts";
import { createDirectoryKey, endDirectoryKey, providerOfKey, readDirectory } from "./key.ts";
import { Directory, NewDirectoryKey, ShownDirectoryKey } from "./schema.ts";
import { type Context, declareResources, MOST_RESULTS } from "./scim.ts";
import { holdDirectory } from "./settling.ts";
import { asSent } from "./dialects.ts";

const oneProvider = params("provider", z.object({ id: Id }));

/** `/api/sso/providers/:id/directory`: what the provider sends of people and groups, and the key it does so by. */
export const directoryRoutes = new Hono<AppEnv>()
  .get(
    "/:id/directory",
    may("sso.read"),
    oneProvider,
    answers(200, Directory, "Says what a provider has sent of people and groups"),
    async (c) => c.json(await readDirectory(c.var.reader, c.req.valid("param").id)),
  )
  .post(
    "/:id/directory/key",
    may("sso.write"),
    fresh(),
    oneProvider,
    body(NewDirectoryKey),
    answers(
      201,
      ShownDirectoryKey,
      "Makes the key by which a provider sends people and groups; it is shown once",
    ),
    async (c) => {
      const { id } = c.req.valid("param");
      const { days } = c.req.valid("json");
      return c.json(await c.var.change((made) => createDirectoryKey(made, id, days)), 201);
    },
  )
  .delete(
    "/:id/directory/key",
    may("sso.write"),
    fresh(),
    oneProvider,
    answers(204, null, "Ends the key at once: the provider can send nothing more"),
    async (c) => {
      await c.var.change((made) => endDirectoryKey(made, c.req.valid("param").id));
      return c.body(null, 204);
    },
  );

/** A group with some thousands of members. */
const LARGEST = 2 * 1024 * 1024;
const why = "a directory shows its key";

/** `/scim/v2`: where a company's directory sends people and groups (RFC 7644). */
export const scimRoutes = new Hono<AppEnv>()
  .get(
    "/ServiceProviderConfig",
    open(why),
    (c) => answered(c, () => new SCIMMY.Resources.ServiceProviderConfig().read()),
  )
  .get("/Schemas", open(why), (c) => answered(c, () => new SCIMMY.Resources.Schema().read()))
  .get(
    "/Schemas/:id",
    open(why),
    (c) => answered(c, () => new SCIMMY.Resources.Schema(c.req.param("id")).read()),
  )
  .get("/ResourceTypes", open(why), (c) => answered(c, () => new SCIMMY.Resources.ResourceType().read()))
  .get(
    "/ResourceTypes/:id",
    open(why),
    (c) => answered(c, () => new SCIMMY.Resources.ResourceType(c.req.param("id")).read()),
  );

type Kind = typeof SCIMMY.Resources.User;
const kinds: [string, Kind][] = [
  ["/Users", SCIMMY.Resources.User],
  ["/Groups", SCIMMY.Resources.Group as unknown as Kind],
];
for (const [path, Resource] of kinds) {
  scimRoutes
    .get(path, open(why), (c) => answered(c, (context) => new Resource(queryOf(c) as never).read(context)))
    .post(
      path,
      open(why),
      (c) => answered(c, (context, sent) => new Resource(queryOf(c) as never).write(sent, context), 201),
    )
    .get(
      `${path}/:id`,
      open(why),
      (c) => answered(c, (context) => new Resource(c.req.param("id"), queryOf(c)).read(context)),
    )
    .put(
      `${path}/:id`,
      open(why),
      (c) => answered(c, (context, sent) => new Resource(c.req.param("id"), queryOf(c)).write(sent, context)),
    )
    .patch(`${path}/:id`, open(why), (c) =>
      answered(c, async (context, sent) => {
        const resource = new Resource(c.req.param("id"), queryOf(c));
        // Nothing to change is answered by what there is, which says more than nothing.
        return await resource.patch(asSent(sent), context) ?? await resource.read(context);
      }))
    .delete(
      `${path}/:id`,
      open(why),
      (c) => answered(c, (context) => new Resource(c.req.param("id")).dispose(context), 204),
    );
}
scimRoutes.all("/*", open(why), (c) => answered(c, () => Promise.reject(notFound())));

/** So many stand on a page where a directory does not say. */
const PAGE = 100;

/** What may stand in an address (RFC 7644, 3.4.2, 3.9). */
function queryOf(c: HonoContext): Record<string, string | number> {
  const { filter, attributes, excludedAttributes, startIndex, count } = c.req.query();
  return {
    ...(filter && { filter }),
    ...(attributes && { attributes }),
    ...(excludedAttributes && { excludedAttributes }),
    ...(startIndex && { startIndex: Number(startIndex) }),
    count: Math.min(Number(count ?? PAGE), MOST_RESULTS),
  };
}

/** Runs a request of a directory and answers it, or why not, in SCIM's own words (RFC 7644, 3.12). */
async function answered(
  c: HonoContext<AppEnv>,
  act: (context: Context, sent: unknown) => Promise<unknown>,
  status: 200 | 201 | 204 = 200,
): Promise<Response> {
  const { services } = c.var;
  declareResources(`${services.config.FLEETHOLD_PUBLIC_URL}/scim/v2`);
  const context: Partial<Context> = {};
  try {
    const provider = await directoryOf(c);
    context.provider = provider;
    context.reader = new Reader(services, actor);
    const isRead = c.req.method === "GET";
    const sent = isRead || c.req.method === "DELETE" ? undefined : jsonFrom(await readUpTo(c, LARGEST));
    const result = isRead
      ? await act(context as Context, sent)
      : await writing(c, provider, context, (whole) => act(whole, sent));
    if (status === 204) return c.body(null, 204);
    const location = (result as { meta?: { location?: string } } | undefined)?.meta?.location;
    if (status === 201 && location) c.header("Location", location);
    return c.body(JSON.stringify(result), status, { "Content-Type": "application/scim+json" });
  } catch (error) {
    return await refused(c, context.fault ?? error);
  }
}

const actor = system("directory");

/** One change for the whole request, after those of the same directory before it. */
async function writing<T>(
  c: HonoContext<AppEnv>,
  provider: ProviderRow,
  context: Partial<Context>,
  act: (context: Context) => Promise<T>,
): Promise<T> {
  await completeLogins(c.var.services);
  return await change(c.var.services, actor, async (made) => {
    await holdDirectory(made, provider);
    made.unchanged();
    context.fault = undefined;
    return await act(Object.assign(context, { provider, reader: made, change: made }) as Context);
  });
}

/** Whose directory it is that asks. @throws SCIMError 401 */
async function directoryOf(c: HonoContext<AppEnv>): Promise<ProviderRow> {
  const [, token] = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  const provider = token ? await providerOfKey(c.var.services, token) : null;
  if (provider) return provider;
  const entry = { act: "directory.refused", detail: { reason: token ? "key" : "no-key" } };
  await recordRefusal(c.var.services, actor, entry, entry.detail.reason);
  throw new SCIMMY.Types.Error(401, null as unknown as string, "This key opens no directory");
}

const notFound = () => new SCIMMY.Types.Error(404, null as unknown as string, "There is no such address");

async function refused(c: HonoContext<AppEnv>, error: unknown): Promise<Response> {
  const problem = asProblem(error);
  const told = error instanceof SCIMMY.Types.Error
    ? error
    : problem
    ? new SCIMMY.Types.Error(problem.status, null as unknown as string, problem.title)
    : error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
    ? new SCIMMY.Types.Error(400, "invalidValue", "The request is not as SCIM has it")
    : null;
  // A failure nobody foresaw: app.ts logs and answers it.
  if (!told) throw error;
  c.var.log.warn({ status: told.status, scimType: told.scimType }, "a directory was refused");
  return await Promise.resolve(c.body(
    JSON.stringify({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(told.status),
      ...(told.scimType && { scimType: told.scimType }),
      detail: told.message,
    }),
    told.status as 400,
    {
      "Content-Type": "application/scim+json",
      ...(told.status === 401 && { "WWW-Authenticate": "Bearer" }),
      ...(problem?.details.retryAfter && { "Retry-After": String(problem.details.retryAfter) }),
    },
  ));
}
