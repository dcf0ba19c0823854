import { system } from "../audit/actor.ts";
import { type Change, change } from "../audit/change.ts";
import { Reader } from "../audit/reader.ts";
import { theCompany } from "../company/company.ts";
import { mailServerOf, sendMail } from "../platform/mail.ts";
import { newId } from "../platform/id.ts";
import type { Services } from "../platform/services.ts";
import type { AccountPerson } from "./account.ts";
import { mailOf, type Occasion } from "./notice_words.ts";
import type { Client } from "./session.ts";

/** What somebody is to be told of their own account. Ids and plain facts only: it waits in the queue. */
export interface Notice {
  id: string;
  account: string;
  occasion: Occasion;
  at: string;
  /** The session it happened in, whose device is told. */
  session: string | null;
}

declare module "../platform/queue.ts" {
  interface Jobs {
    "notices.send": Notice;
  }
}

/** What could not be told for so long worries more than it helps. */
const STALE_MS = 24 * 60 * 60_000;

/**
 * Has the worker tell somebody by mail what was just done to their account, if a mail server is set up (ASVS 5.0
 * V6.3.7, NIST SP 800-63B-4, 4.6). Stands or falls with the change.
 */
export function notify(
  made: Change,
  account: string,
  occasion: Occasion,
  session: string | null = made.actor.sessionId,
): void {
  const notice: Notice = {
    id: newId(),
    account,
    occasion,
    at: new Date().toISOString(),
    session,
  };
  made.enqueue("notices.send", notice, { key: `notice ${notice.id}` });
}

/**
 * Sends a notice. Does nothing where no mail server is set up, the person has been erased, or it is too old.
 * @throws MailFailed so that the queue tries again
 */
export async function sendNotice(services: Services, notice: Notice): Promise<void> {
  const { config } = services;
  const server = mailServerOf(config);
  if (!server || Date.now() - Date.parse(notice.at) > STALE_MS) return;
  const reader = new Reader(services, system("job"));
  const account = await reader.db.selectFrom("accounts").select(["id", "personId as subject", "sealed"])
    .where("id", "=", notice.account).executeTakeFirst();
  const person = account && await reader.openOne<AccountPerson>("accounts", account, null);
  if (!person || person.email === "") return;
  const { name: company, timeZone } = await theCompany(reader);
  await sendMail(server, {
    id: notice.id,
    from: config.FLEETHOLD_MAIL_FROM!,
    to: [person.email],
    ...mailOf(notice.occasion, {
      name: person.name,
      company,
      at: new Date(notice.at),
      timeZone,
      client: await clientOf(reader, notice),
      url: config.FLEETHOLD_PUBLIC_URL,
    }),
  });
  await change(services, system("job"), (made) => {
    made.record("notice.sent", { account: notice.account, occasion: notice.occasion });
    return Promise.resolve();
  });
}

async function clientOf(reader: Reader, { session, account }: Notice): Promise<Client | null> {
  if (session === null) return null;
  const row = await reader.db.selectFrom("sessions").innerJoin(
    "accounts",
    "accounts.id",
    "sessions.accountId",
  )
    .select(["sessions.id", "accounts.personId as subject", "sessions.sealed"])
    .where("sessions.id", "=", session).where("accountId", "=", account).executeTakeFirst();
  return row ? await reader.openOne<Client>("sessions", row, null) : null;
}
