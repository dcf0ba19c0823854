import type { Context } from "hono";
import { createHmac } from "node:crypto";
import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import { type Change, change } from "../audit/change.ts";
import type { Actor } from "../audit/actor.ts";
import { Reader } from "../audit/reader.ts";
import type { GeneratedMoment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { badInput, Problem } from "../platform/problem.ts";
import type { AppEnv } from "./may.ts";
import { keyFor } from "./pepper.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    idempotencyKeys: {
      id: string;
      accountId: string;
      key: string;
      /** Keyed hash of method, path, version and body: the same key for something else is a mistake to be told. */
      request: Buffer;
      /** What the change returned, sealed for whoever made it. */
      sealed: Buffer | null;
      createdAt: GeneratedMoment;
    };
  }
}

/**
 * Runs a change once for each `Idempotency-Key` of an account. The key and what the change returned commit together
 * with the change, so that a crash leaves either both or neither; two at once wait for each other on the unique index.
 *
 * @throws Problem bad-input for a malformed key, idempotency-key-reused when it came with another request before
 */
export async function once<T>(
  c: Context<AppEnv>,
  actor: Actor,
  act: (change: Change) => Promise<T>,
): Promise<T> {
  const { services } = c.var;
  const key = c.req.header("idempotency-key");
  if (key === undefined) return await change(services, actor, act);
  if (!/^[\x21-\x7e]{8,64}$/.test(key)) {
    throw badInput([{
      path: "Idempotency-Key",
      reason: "must be 8 to 64 printable characters, such as a UUID",
    }]);
  }
  const accountId = actor.accountId!, subject = actor.personId!;
  const request = fingerprint(c);
  return await change(services, actor, async (made) => {
    const id = newId();
    const inserted = await made.tx.insertInto("idempotencyKeys").values({ id, accountId, key, request })
      .onConflict((conflict) => conflict.columns(["accountId", "key"]).doNothing()).executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows === 0n) {
      return await replay<T>(made, { accountId, key, request, subject });
    }
    const result = await act(made);
    const sealed = await made.seal("idempotency_keys", id, subject, { result });
    await made.tx.updateTable("idempotencyKeys").set({ sealed }).where("id", "=", id).execute();
    return result;
  });
}

async function replay<T>(
  made: Change,
  { accountId, key, request, subject }: { accountId: string; key: string; request: Buffer; subject: string },
): Promise<T> {
  const row = await made.tx.selectFrom("idempotencyKeys").selectAll()
    .where("accountId", "=", accountId).where("key", "=", key).executeTakeFirstOrThrow();
  if (!row.request.equals(request)) {
    throw new Problem(
      422,
      "idempotency-key-reused",
      "This Idempotency-Key was used for a different request",
      {
        next: "Make a new key for a new request.",
      },
    );
  }
  made.unchanged();
  const opened = await new Reader(made.services, made.actor, made.tx)
    .openOne<{ result: T }>("idempotency_keys", { ...row, subject }, null);
  return opened!.result;
}

/** A keyed hash, since a plain one of a short body could be guessed back into personal data. */
function fingerprint(c: Context<AppEnv>): Buffer {
  const hash = createHmac("sha256", keyFor(c.var.services.config, "idempotent request"));
  hash.update(`${c.req.method}\0${c.req.url}\0${c.req.header("if-match") ?? ""}\0`);
  hash.update(c.var.rawBody ?? new Uint8Array());
  return hash.digest();
}

/** Keys are kept for 48 hours, then forgotten. */
export const KEPT_HOURS = 48;

/** Forgets keys past their time. */
export async function forgetOldKeys(made: Change): Promise<void> {
  const { numDeletedRows } = await made.tx.deleteFrom("idempotencyKeys")
    .where("createdAt", "<", sql<Date>`now() - make_interval(hours => ${KEPT_HOURS})`).executeTakeFirst();
  if (numDeletedRows > 0n) made.record("idempotency-keys.forgotten", { count: Number(numDeletedRows) });
  else made.unchanged();
}
