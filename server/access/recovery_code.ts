import { randomBytes } from "node:crypto";
import type { Buffer } from "node:buffer";
import { encodeBase32UpperCaseNoPadding } from "@oslojs/encoding";
import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import type { Config } from "../platform/config.ts";
import type { Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { notify } from "./notice.ts";
import { peppered } from "./pepper.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    recoveryCodes: {
      id: string;
      accountId: string;
      hash: Buffer;
      usedAt: Moment | null;
    };
  }
}

const CODES = 10;
/** 80 random bits, 16 characters: more than the 64 that need no slow hash (NIST SP 800-63B-4, 3.1.2.2). */
const CODE_BYTES = 10;

/** Makes ten new codes for an account, such as `ABCD-EFGH-IJKL-MNOP`; the old ones stop working. Shown once, kept as hashes. */
export async function issueRecoveryCodes(change: Change, accountId: string): Promise<string[]> {
  const codes = Array.from({ length: CODES }, newCode);
  await change.tx.deleteFrom("recoveryCodes").where("accountId", "=", accountId).execute();
  await change.tx.insertInto("recoveryCodes").values(codes.map((code) => ({
    id: newId(),
    accountId,
    hash: hashRecoveryCode(change.services.config, accountId, code),
  }))).execute();
  change.record("recovery-codes.issued", { account: accountId, count: codes.length });
  return codes;
}

/** Uses a code up. False when it is not one of the account's or was used before; of two at once one gets it. */
export async function spendRecoveryCode(change: Change, accountId: string, hash: Buffer): Promise<boolean> {
  const { numUpdatedRows } = await change.tx.updateTable("recoveryCodes").set({ usedAt: sql<Date>`now()` })
    .where("accountId", "=", accountId).where("hash", "=", hash).where("usedAt", "is", null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  change.record("recovery-code.used", { account: accountId });
  notify(change, accountId, "recovery-code-used");
  return true;
}

/** What is stored of a code, whatever hyphens, spaces and case it was typed with; 0, 1 and 8 are misread letters. */
export function hashRecoveryCode(config: Config, accountId: string, code: string): Buffer {
  const misread: Record<string, string> = { "0": "O", "1": "I", "8": "B" };
  const plain = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, "").replaceAll(
    /[018]/g,
    (digit) => misread[digit]!,
  );
  return peppered(config, "recovery code", `${accountId}\0${plain}`);
}

const newCode = () => encodeBase32UpperCaseNoPadding(randomBytes(CODE_BYTES)).replaceAll(/.{4}(?!$)/g, "$&-");
