import type { Hono } from "hono";
import { z } from "zod";
import { factsOf, type RouteFacts } from "./http.ts";

export interface Route extends RouteFacts {
  method: string;
  /** As the router spells it: `/api/deliveries/:id`. */
  path: string;
}

/** Every route of an application with what it says about itself, in the order they were added. */
export function routesOf(app: Pick<Hono, "routes">): Route[] {
  const routes = new Map<string, Route>();
  for (const { method, path, handler } of app.routes) {
    if (method === "ALL") continue;
    const name = `${method} ${path}`;
    const route = routes.get(name) ?? { method, path };
    routes.set(name, Object.assign(route, factsOf(handler)));
  }
  return [...routes.values()];
}

const Problem = z.object({
  type: z.string(),
  slug: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  next: z.string().optional(),
  faults: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
  requestId: z.string(),
});

const jsonSchema = (schema: z.ZodType, io: "input" | "output") => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
};

/** The OpenAPI 3.1 document of an application, made from its routes. */
export function openApi(
  app: Pick<Hono, "routes">,
  about: { title: string; version: string; url: string; cookie: string },
) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routesOf(app)) {
    if (!route.path.startsWith("/api/") || !route.answer) continue;
    const path = route.path.replaceAll(/:([a-zA-Z]+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: about.title,
      version: about.version,
      license: { name: "AGPL-3.0-only", identifier: "AGPL-3.0-only" },
    },
    servers: [{ url: about.url }],
    security: [{ session: [] }, { key: [] }],
    paths,
    components: {
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: about.cookie },
        key: { type: "http", scheme: "bearer", description: "An API key, as an owner makes it" },
      },
      schemas: { Problem: jsonSchema(Problem, "output") },
    },
  };
}

function operation(route: Route) {
  const access = route.access;
  const safe = route.method === "GET";
  const parameters = [
    ...fields(route.params, "path"),
    ...fields(route.query, "query"),
    ...(route.ifMatch
      ? [{
        name: "If-Match",
        in: "header",
        required: true,
        schema: { type: "string" },
        description: "The ETag of the version this edits",
      }]
      : []),
    ...(safe ? [] : [{
      name: "Idempotency-Key",
      in: "header",
      required: false,
      schema: { type: "string", maxLength: 64 },
      description: "The same key sent again gets the first answer again; kept for 48 hours",
    }]),
  ];
  const answer = route.answer!;
  return {
    tags: [route.path.split("/")[2]],
    summary: answer.summary,
    ...(access && "open" in access ? { security: [], description: `Open: ${access.open}.` } : {}),
    ...(access && "right" in access
      ? {
        "x-right": access.right,
        description: `Needs the right \`${access.right}\`${
          route.fresh ? ", and a second factor shown within the last five minutes" : ""
        }.`,
      }
      : {}),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body &&
      {
        requestBody: {
          required: true,
          content: { "application/json": { schema: jsonSchema(route.body, "input") } },
        },
      }),
    ...(route.bytes && {
      requestBody: {
        required: true,
        description: `At most ${Math.round(route.bytes.most / 1024 / 1024)} MB`,
        content: Object.fromEntries(route.bytes.types.map((type) => [type, {
          schema: type === "application/json" && route.bytes?.json
            ? jsonSchema(route.bytes.json, "input")
            : { type: "string", format: "binary" },
        }])),
      },
    }),
    responses: {
      [answer.status]: {
        description: answer.summary,
        ...(answer.schema
          ? { content: { [answer.type]: { schema: jsonSchema(answer.schema, "output") } } }
          : {}),
      },
      default: {
        description: "A problem (RFC 9457)",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function fields(schema: z.ZodType | undefined, place: "path" | "query") {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema,
  }));
}
