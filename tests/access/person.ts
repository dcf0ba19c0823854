import { Buffer } from "node:buffer";
import { randomBytes, scryptSync } from "node:crypto";
import { generateHOTP } from "@oslojs/otp";
import { createAccount } from "../../server/access/account.ts";
import { equip } from "../../server/access/factors.ts";
import { peppered } from "../../server/access/pepper.ts";
import type { Role } from "../../server/access/rights.ts";
import { cookieName, startSession } from "../../server/access/session.ts";
import { readSecret } from "../../server/access/totp.ts";
import { newId } from "../../server/platform/id.ts";
import { type Answer, type Caller, type Company, setupToken } from "../harness/app.ts";

export const password = "the parrot keeps its receipts";

/** Somebody who has all it takes to sign in. */
export interface Person {
  accountId: string;
  personId: string;
  email: string;
  recoveryCodes: string[];
  /** The code the app shows now, or so many steps later (-1, 0 or 1 are accepted). */
  code(later?: number): string;
  /** Signs in by the API; `device` are cookies kept from before. */
  signIn(
    given?: Partial<{ email: string; password: string; code: string }>,
    device?: string,
  ): Promise<Answer>;
  /** A session made without signing in. */
  session(): Promise<ReturnType<Company["caller"]> & Pick<Caller, "cookie">>;
}

/** Makes an active account with password, authenticator and recovery codes. */
export async function employ(company: Company, role: Role): Promise<Person> {
  const secret = randomBytes(20);
  const email = `${role}-${newId()}@kestrel.example`;
  const { account, recoveryCodes } = await company.change(async (change) => {
    const personId = await change.newSubject();
    const account = await createAccount(change, {
      name: "Ingo Vantage",
      email,
      personId,
      role,
      siteIds: [company.here],
    });
    const passwordHash = cheapHash(company);
    return {
      account,
      recoveryCodes: await equip(change, account, { passwordHash, totp: { secret, step: 0 } }),
    };
  });
  const code = (later = 0) => codeOf(secret, later);
  return {
    accountId: account.id,
    personId: account.personId,
    email,
    recoveryCodes,
    code,
    signIn: (given, device) =>
      company.caller(device ? { cookie: device } : {}).post("/api/session", {
        email,
        password,
        code: given?.code ?? code(),
        ...given,
      }),
    async session() {
      const { token } = await company.change((change) =>
        startSession(change, account, { device: "Firefox on Linux", address: "192.0.2.7" })
      );
      const cookie = `${cookieName(company.services.config)}=${token}`;
      return { cookie, ...company.caller({ cookie }) };
    },
  };
}

/** The cookies an answer sets, as the browser sends them back. */
export const cookiesOf = (answer: Answer): string =>
  answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");

export const codeOf = (secret: Uint8Array | string, later = 0): string => {
  const bytes = typeof secret === "string" ? readSecret(secret) : secret;
  return generateHOTP(bytes, BigInt(Math.floor(Date.now() / 30_000) + later), 6);
};

/** As `hashPassword` stores it, at a cost the tests can afford; the stored text says what it cost. */
function cheapHash(company: Company): string {
  const salt = randomBytes(16);
  const input = peppered(company.services.config, "password", password);
  const hash = Buffer.from(scryptSync(input, salt, 32, { N: 2 ** 10, r: 8, p: 1 }));
  return `scrypt$10$8$1$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** What the trail has of one act, the newest first. */
export async function entriesOf(
  company: Company,
  act: string,
): Promise<{ actor: string | null; detail: Record<string, unknown> }[]> {
  return await company.services.db.selectFrom("auditEntries").select(["actor", "detail"]).where(
    "act",
    "=",
    act,
  )
    .orderBy("id", "desc").execute();
}

export const withSetupToken = { authorization: `Setup ${setupToken}` };
