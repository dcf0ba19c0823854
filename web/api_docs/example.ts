import { type OpenApi, type Operation, resolved, type Schema, withoutNull } from "./openapi.ts";

const byFormat: Record<string, string> = {
  uuid: "01890000-0000-7000-8000-000000000000",
  date: "2026-11-23",
  "date-time": "2026-11-23T09:00:00+01:00",
  email: "robin@example.com",
  uri: "https://example.com/",
};

/** A value that fits a schema, with what it requires and nothing more. */
export function exampleOf(given: Schema, document: OpenApi): unknown {
  const { schema } = withoutNull(resolved(given, document));
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  const [choice] = schema.anyOf ?? [];
  if (choice !== undefined) return exampleOf(choice, document);
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
          .map(([name, property]) => [name, exampleOf(property, document)]),
      );
    case "array":
      if (schema.prefixItems) return schema.prefixItems.map((item) => exampleOf(item, document));
      return schema.items === undefined ? [] : [exampleOf(schema.items, document)];
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return false;
    default:
      return byFormat[schema.format ?? ""] ?? "…";
  }
}

/** The operation as a command for a shell (bash and the like); `$SESSION` stands for the cookie's value. */
export function curl(operation: Operation, document: OpenApi): string {
  const { method, path, parameters = [], requestBody, security } = operation;
  const required = parameters.filter((parameter) => parameter.required && parameter.in === "query");
  const query = required.map(({ name, schema }) => `${name}=${exampleOf(schema, document)}`).join("&");
  const address = document.servers[0]!.url + path.replaceAll(/\{(\w+)\}/g, (_, name) => `$${shout(name)}`);
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const cookie = document.components.securitySchemes.session.name;
  return [
    `curl ${method === "GET" ? "" : `-X ${method} `}"${address}${query && `?${query}`}"`,
    security?.length !== 0 && `--cookie "${cookie}=$SESSION"`,
    ...parameters.filter((parameter) => parameter.in === "header").map(({ name }) =>
      name === "Idempotency-Key" ? `-H "${name}: $(uuidgen)"` : `-H '${name}: "1"'`
    ),
    type !== undefined && `-H "Content-Type: ${type}"`,
    type === "application/json"
      ? `--data '${JSON.stringify(exampleOf(content!.schema, document), null, 2).replaceAll("'", "'\\''")}'`
      : type !== undefined && `--data-binary @file`,
  ].filter(Boolean).join(" \\\n  ");
}

/** `stepId` as a shell's variable: `STEP_ID`. */
const shout = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
