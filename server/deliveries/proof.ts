import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import { peppered } from "../access/pepper.ts";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { type GeneratedMoment, violates } from "../platform/database.ts";
import { conflict, notFound, Problem } from "../platform/problem.ts";
import { cleanPhoto, PhotoRefused } from "../platform/photo.ts";
import { type DeliveryRow, lockDelivery, within } from "./delivery.ts";
import type { Proof, Signature } from "./schema.ts";
import type { z } from "zod";

declare module "../platform/database.ts" {
  interface DataTables {
    proofs: {
      id: string;
      deliveryId: string;
      kind: "photo" | "signature";
      accountId: string | null;
      digest: Buffer;
      sealed: Buffer;
      createdAt: GeneratedMoment;
    };
  }
}
type ProofOut = z.infer<typeof Proof>;

/** A proof to keep; of a photo also the bytes as they were sent, by which a second sending is recognised. */
export type NewProof =
  | { kind: "signature"; value: Signature }
  | { kind: "photo"; value: Uint8Array; original: Uint8Array };

/** Per order; each further one is refused with this limit named. */
const MOST_PROOFS = 20;
/** From here on somebody is there who can give proof; it can be added later too. */
const PROVABLE = ["accepted", "loaded", "in-transit", "arrived", "completed", "failed", "returned"];

/**
 * Keeps a signature as its pen strokes, or a photo re-encoded. The id is the caller's, so that one sent twice is kept
 * once; the same id with another content is refused.
 * @throws Problem not-found, proof-refused, proof-id-used
 */
export async function addProof(
  change: Change,
  deliveryId: string,
  proofId: string,
  proof: NewProof,
): Promise<ProofOut> {
  const row = await lockDelivery(change, deliveryId);
  const digest = digestOf(change, proof);
  const known = await change.tx.selectFrom("proofs").selectAll().where("id", "=", proofId).executeTakeFirst();
  if (known) {
    if (known.deliveryId !== deliveryId || !known.digest.equals(digest)) {
      throw idUsed();
    }
    change.unchanged();
    return present(known, proof.kind === "signature" ? proof.value : null);
  }
  await checkRoom(change, row);
  const made = await insertProof(change, row, proofId, proof);
  return present(made, proof.kind === "signature" ? proof.value : null);
}

/** Writes a proof, added now unless told; whether there is room for it is the caller's to check. */
export async function insertProof(
  change: Change,
  row: Pick<DeliveryRow, "id" | "siteId" | "driverId" | "recipientId">,
  id: string,
  proof: NewProof,
  createdAt?: string,
) {
  const made = await change.tx.insertInto("proofs").values({
    id,
    deliveryId: row.id,
    kind: proof.kind,
    accountId: change.actor.accountId,
    digest: digestOf(change, proof),
    sealed: await change.seal("proofs", id, row.recipientId, proof.value),
    createdAt,
  }).returningAll().executeTakeFirstOrThrow().catch((error) => {
    throw violates(error, "proofs_pkey") ? idUsed() : error;
  });
  change.record("delivery.proof-added", {
    delivery: row.id,
    site: row.siteId,
    driver: row.driverId,
    proof: id,
    kind: proof.kind,
  });
  return made;
}

/**
 * Checks a photo and makes it anew from its pixels.
 * @throws Problem photo-refused, photo-busy
 */
export async function cleaned(photo: Uint8Array): Promise<Uint8Array> {
  try {
    return await cleanPhoto(photo);
  } catch (error) {
    if (!(error instanceof PhotoRefused)) throw error;
    throw error.reason === "busy" || error.reason === "timeout"
      ? new Problem(503, "photo-busy", error.message, { next: "Send it again in a moment.", retryAfter: 3 })
      : new Problem(422, "photo-refused", error.message, { next: "Take the photo again, or send a JPEG." });
  }
}

/** The proofs of deliveries; signatures opened, photos by their address. */
export async function proofsOf(
  reader: Reader,
  rows: readonly DeliveryRow[],
): Promise<Map<string, ProofOut[]>> {
  if (rows.length === 0) return new Map();
  const recipientOf = new Map(rows.map((row) => [row.id, row.recipientId]));
  // A photo's bytes are not needed to list it.
  const proofs = await reader.db.selectFrom("proofs")
    .select(["id", "deliveryId", "kind", "createdAt"])
    .select(sql<Buffer | null>`case when kind = 'signature' then sealed end`.as("sealed"))
    .where("deliveryId", "=", sql<string>`any(${rows.map((row) => row.id)}::uuid[])`).orderBy("id").execute();
  const signatures = await reader.open<Signature>(
    "proofs",
    proofs.map((proof) => ({
      id: proof.id,
      subject: recipientOf.get(proof.deliveryId)!,
      sealed: proof.sealed,
    })),
    null,
  );
  const shown = proofs.map((proof, at) => ({
    deliveryId: proof.deliveryId,
    proof: present(proof, signatures[at] ?? null),
  }));
  return new Map(
    [...Map.groupBy(shown, (item) => item.deliveryId)].map(([id, items]) => [
      id,
      items.map((item) => item.proof),
    ]),
  );
}

/** The JPEG of a photo proof. */
export async function photoOf(reader: Reader, deliveryId: string, proofId: string): Promise<Buffer> {
  const row = await reader.db.selectFrom("proofs").innerJoin(
    "deliveries",
    "deliveries.id",
    "proofs.deliveryId",
  )
    .select(["proofs.id", "proofs.sealed", "deliveries.recipientId as subject"])
    .where("proofs.id", "=", proofId).where("proofs.deliveryId", "=", deliveryId).where(
      "proofs.kind",
      "=",
      "photo",
    )
    .where(within(reader)).executeTakeFirstOrThrow(() => notFound("photo"));
  const bytes = await reader.openBytes("proofs", row, "proof.read");
  if (!bytes) throw notFound("photo");
  return bytes;
}

async function checkRoom(change: Change, row: DeliveryRow): Promise<void> {
  if (!PROVABLE.includes(row.state)) {
    throw conflict("proof-refused", `An order that is ${row.state} cannot be proven yet`, {
      next: "Accept it first.",
    });
  }
  const { count } = await change.tx.selectFrom("proofs").select(sql<number>`count(*)`.as("count"))
    .where("deliveryId", "=", row.id).executeTakeFirstOrThrow();
  if (count >= MOST_PROOFS) {
    throw conflict("proof-refused", `An order can have at most ${MOST_PROOFS} proofs`, {
      next: "Keep the best ones.",
    });
  }
}

function present(
  row: Pick<DataRow, "id" | "deliveryId" | "kind" | "createdAt">,
  signature: Signature | null,
): ProofOut {
  return {
    id: row.id,
    kind: row.kind,
    happenedAt: row.createdAt.toISOString(),
    signature,
    photoUrl: row.kind === "photo" ? `/api/deliveries/${row.deliveryId}/proofs/${row.id}` : null,
  };
}
interface DataRow {
  id: string;
  deliveryId: string;
  kind: "photo" | "signature";
  createdAt: Date;
}

const idUsed = () =>
  conflict("proof-id-used", "This proof id belongs to another proof", {
    next: "Make a new id for a new proof.",
  });

/** Keyed, so that a guessed photo or signature cannot be confirmed by its hash. */
const digestOf = (change: Change, proof: NewProof): Buffer =>
  peppered(
    change.services.config,
    `proof ${proof.kind}`,
    proof.kind === "photo" ? proof.original : JSON.stringify(proof.value),
  );
