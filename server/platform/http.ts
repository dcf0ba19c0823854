import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { z } from "zod";
import { badInput, notFound, Problem, tooLarge, tooSlow } from "./problem.ts";

/**
 * What a route says about itself. Each of the functions below returns a middleware that does its work and carries
 * its facts; the OpenAPI document and the tests that walk the router are made from these facts, so that they cannot
 * differ from what runs.
 */
export interface RouteFacts {
  /** The right a caller needs, or why anybody may call. */
  access?: { right: string } | { open: string };
  /** Whether a second factor must have been shown within the last minutes. */
  fresh?: boolean;
  body?: z.ZodType;
  bytes?: { types: readonly string[]; most: number; json?: z.ZodType };
  query?: z.ZodType;
  params?: z.ZodType;
  answer?: { status: number; schema: z.ZodType | null; summary: string; type: string };
  ifMatch?: boolean;
}

const FACTS = Symbol("route facts");

type Carrier = { [FACTS]?: RouteFacts };

/** The pattern of the route a request met, `/api/deliveries/:id`; never the path itself, which carries ids. */
export const patternOf = (c: Context): string =>
  matchedRoutes(c).find(({ method }) => method !== "ALL")?.path ?? "none";

/** Puts facts on a middleware. */
export function stating<M extends MiddlewareHandler>(facts: RouteFacts, middleware: M): M {
  return Object.assign(middleware, { [FACTS]: facts });
}

/** The facts a handler carries, if any. */
export const factsOf = (handler: unknown): RouteFacts | undefined => (handler as Carrier)[FACTS];

/** JSON bodies are read to this size unless a route says otherwise; 500 ids or one order fit many times. */
const JSON_LIMIT = 256 * 1024;

type Validated<Target extends string, S extends z.ZodType> = MiddlewareHandler<
  object,
  string,
  { in: { [K in Target]: z.input<S> }; out: { [K in Target]: z.output<S> } }
>;

/**
 * A JSON body of this schema. Unknown fields are refused, so that a misspelt one is not silently dropped
 * (ASVS 5.0 V2.2.1, V15.3.3).
 *
 * @throws Problem unsupported-type, too-large, not-json, bad-input
 */
export function body<S extends z.ZodObject>(schema: S, limit = JSON_LIMIT): Validated<"json", S> {
  const strict = schema.strict();
  return stating({ body: strict }, async (c, next) => {
    const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") {
      throw new Problem(415, "unsupported-type", "This needs a JSON body", {
        next: "Send Content-Type: application/json.",
      });
    }
    const bytes = await readUpTo(c, limit);
    c.req.addValidatedData("json", parse(strict, jsonFrom(bytes)) as object);
    await next();
  });
}

/**
 * The value of JSON text in UTF-8.
 * @throws Problem not-json
 */
export function jsonFrom(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem(400, "not-json", "The body is not valid JSON", {
      next: "Check it with a JSON validator.",
    });
  }
}

/**
 * A body of bytes of one of these types, up to `most` bytes: `c.var.bytes`. `json` says what JSON among them must
 * look like; the handler parses it, since only it knows which type came.
 */
export function bytes(
  types: readonly string[],
  most: number,
  json?: z.ZodType,
): MiddlewareHandler<{ Variables: { bytes: Uint8Array } }> {
  return stating({ bytes: { types, most, json } }, async (c, next) => {
    const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!types.includes(type)) {
      throw new Problem(415, "unsupported-type", "This kind of file is not understood here", {
        next: `Send one of: ${types.join(", ")}.`,
      });
    }
    c.set("bytes", await readUpTo(c, most));
    await next();
  });
}

/** Query parameters of this schema; unknown ones are refused. */
export function query<S extends z.ZodObject>(schema: S): Validated<"query", S> {
  const strict = schema.strict();
  return stating({ query: strict }, async (c, next) => {
    const given = c.req.queries();
    const repeated = Object.keys(given).find((name) => given[name]!.length > 1);
    if (repeated) throw badInput([{ path: repeated, reason: "is given more than once" }]);
    c.req.addValidatedData("query", parse(strict, c.req.query()) as object);
    await next();
  });
}

/** Path parameters of this schema. What does not fit cannot exist, so the answer is 404. */
export function params<S extends z.ZodObject>(noun: string, schema: S): Validated<"param", S> {
  return stating({ params: schema }, async (c, next) => {
    const parsed = schema.safeParse(c.req.param());
    if (!parsed.success) throw notFound(noun);
    c.req.addValidatedData("param", parsed.data as object);
    await next();
  });
}

/** What the route answers when all is well; `schema` null means no content. For the OpenAPI document and its readers. */
export function answers(
  status: number,
  schema: z.ZodType | null,
  summary: string,
  type = "application/json",
): MiddlewareHandler {
  return stating({ answer: { status, schema, summary, type } }, (_, next) => next());
}

/**
 * An edit that must name the version it was made from (RFC 9110, 13.1.1), so that nobody overwrites what they have
 * not seen. `c.var.ifMatch` is that version.
 * @throws Problem if-match-needed
 */
export function ifMatch(): MiddlewareHandler<{ Variables: { ifMatch: number } }> {
  return stating({ ifMatch: true }, async (c, next) => {
    const version = /^"(\d{1,9})"$/.exec(c.req.header("if-match")?.trim() ?? "")?.[1];
    if (version === undefined) {
      throw new Problem(428, "if-match-needed", "An edit must say which version it changes", {
        next: 'Send the ETag you read as If-Match, such as If-Match: "3".',
      });
    }
    c.set("ifMatch", Number(version));
    await next();
  });
}

/** The answer to an edit of a version that is no longer the newest. */
export const changedMeanwhile = (noun: string): Problem =>
  new Problem(412, "changed-meanwhile", `Somebody changed this ${noun} in the meantime`, {
    next: "Load it again, look at what changed, and make your edit on the newest version.",
  });

/** Sets the ETag of a thing with a version. */
export function etag(c: Context, version: number): void {
  c.header("ETag", `"${version}"`);
}

/** A cursor: the sort key of the last row of a page, opaque to clients. */
export const writeCursor = (key: readonly (string | number | null)[]): string =>
  new TextEncoder().encode(JSON.stringify(key)).toBase64({ alphabet: "base64url", omitPadding: true });

/**
 * Reads a cursor back as the sort key `schema` describes.
 * @throws Problem bad-input when it is not one of ours
 */
export function readCursor<S extends z.ZodType>(cursor: string, schema: S): z.output<S> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.fromBase64(cursor, { alphabet: "base64url" }),
    );
    return schema.parse(JSON.parse(text));
  } catch {
    throw badInput([{
      path: "cursor",
      reason: "is not a cursor of this list; leave it out to start at the first page",
    }]);
  }
}

/**
 * Parses a value by a schema.
 * @throws Problem bad-input naming every fault
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badInput(
    parsed.error.issues.slice(0, 100).map((issue) => ({
      path: issue.path.join(".").slice(0, 200),
      reason: reasonOf(issue),
    })),
  );
}

/** Zod quotes no values except the names of unknown keys, which are cut and counted here. */
const reasonOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "unrecognized_keys"
    ? `has unknown fields: ${
      issue.keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 40))).join(", ")
    }`
    : issue.message;

/** A body has a minute, and more if it is large: a phone in the field sends 32 kB a second at least. */
const BODY_SECONDS = 60;
const SLOWEST_BYTES_PER_SECOND = 32 * 1024;

/** The whole body, which is `c.var.rawBody` from then on. @throws Problem too-large, too-slow */
export async function readUpTo(c: Context, limit: number): Promise<Uint8Array> {
  const limitText = limit >= 1024 * 1024
    ? `${Math.round(limit / 1024 / 1024)} MB`
    : `${Math.round(limit / 1024)} kB`;
  if (Number(c.req.header("content-length") ?? 0) > limit) throw tooLarge(limitText);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of withinTime(c.req.raw.body, BODY_SECONDS + limit / SLOWEST_BYTES_PER_SECOND)) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limitText);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  c.set("rawBody", whole);
  return whole;
}

/** The chunks of a body, unless it takes longer than `seconds` in all: nobody holds a connection by sending slowly. */
export async function* withinTime(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  seconds: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), seconds * 1000);
  try {
    yield* body?.pipeThrough(new TransformStream(), { signal: late.signal }) ?? [];
  } catch (error) {
    throw late.signal.aborted ? tooSlow(Math.round(seconds)) : error;
  } finally {
    clearTimeout(timer);
  }
}
