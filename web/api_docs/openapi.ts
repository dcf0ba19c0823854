/** What this page reads of a JSON Schema (2020-12), as OpenAPI 3.1 embeds it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema: Schema }>;

export interface Described {
  tags: string[];
  summary: string;
  description?: string;
  "x-right"?: string;
  /** Empty: nobody has to be signed in. Left out: a session is needed. */
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { description?: string; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

export interface OpenApi {
  info: { title: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Described>>;
  components: {
    schemas: Record<string, Schema>;
    securitySchemes: { session: { name: string } };
  };
}

/** One method at one path. */
export interface Operation extends Described {
  /** As it stands in the address of this page: `post-deliveries-id-steps`. */
  id: string;
  method: string;
  path: string;
}

/** Every operation in the document's order. */
export function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      id: [method, ...path.replace(/^\/api\//, "").split(/[^A-Za-z0-9]+/)].filter(Boolean).join("-")
        .toLowerCase(),
      method: method.toUpperCase(),
      path,
    }))
  );
}

/** Those in which every word of `text` occurs. */
export function search(operations: readonly Operation[], text: string): Operation[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter(({ method, path, summary, tags, "x-right": right }) => {
    const all = [method, path, summary, right, ...tags].join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Follows a reference within the document. */
export function resolved(schema: Schema, { components }: OpenApi): Schema {
  const name = schema.$ref?.match(/^#\/components\/schemas\/(.+)$/)?.[1];
  return name === undefined ? schema : components.schemas[name] ?? {};
}

/** `X or null` taken apart: what is left without null, and whether null was there. */
export function withoutNull(schema: Schema): { schema: Schema; orNull: boolean } {
  if (Array.isArray(schema.type)) {
    const [type] = schema.type.filter((name) => name !== "null");
    return { schema: { ...schema, type }, orNull: schema.type.includes("null") };
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices === undefined) return { schema, orNull: false };
  const rest = choices.filter(({ type }) => type !== "null");
  const orNull = rest.length < choices.length;
  if (rest.length !== 1) return { schema: { ...schema, anyOf: rest, oneOf: undefined }, orNull };
  return { schema: { ...schema, anyOf: undefined, oneOf: undefined, ...rest[0] }, orNull };
}
