import { sql } from "kysely";
import { system } from "../audit/actor.ts";
import { type Change, change } from "../audit/change.ts";
import type { Config } from "../platform/config.ts";
import { MailFailed, mailServerOf, sendMail } from "../platform/mail.ts";
import type { JobName } from "../platform/queue.ts";
import type { Services } from "../platform/services.ts";
import { callWebhook, WebhookFailed } from "../platform/webhook.ts";
import type { BackupPromise, BackupReason } from "./schema.ts";

/** What is said of one promise, in English. */
export interface Said {
  promise: BackupPromise;
  /** The promise itself. */
  what: string;
  /** When it was first seen broken. */
  since: string;
  grave: boolean;
  reason: BackupReason | null;
  /** What is so, and the next step; while it is broken. */
  so?: string;
  next?: string;
}

/** One telling of what changed. Plain facts only: it waits in the queue, and goes to others. */
export interface Message {
  id: string;
  at: string;
  /** Newly broken. */
  broken: Said[];
  /** Broken for another day. */
  still: Said[];
  /** Kept again. */
  kept: Said[];
}

declare module "../platform/queue.ts" {
  interface Jobs {
    "backups.tell-by-mail": Message;
    "backups.tell-by-webhook": Message;
  }
}

/** A way of telling people. */
export type Channel = "mail" | "webhook";

const jobOf = {
  mail: "backups.tell-by-mail",
  webhook: "backups.tell-by-webhook",
} as const satisfies Record<Channel, JobName>;

/** A message that could not be told for so long is of no use any more: reminders came after it. */
const STALE_MS = 3 * 24 * 60 * 60_000;
/** The queue waits longer after each failure, up to hours; after so many it is told to try every few minutes. */
const ATTEMPTS = 6;

/** The ways of telling people that are set up. */
export function channelsOf(config: Config): Channel[] {
  return [
    ...(config.FLEETHOLD_SMTP && config.FLEETHOLD_ALERT_MAIL ? ["mail" as const] : []),
    ...(config.FLEETHOLD_ALERT_WEBHOOK ? ["webhook" as const] : []),
  ];
}

/** Lets the worker tell people, each way on its own: one that fails waits and is tried again, and holds up no other. */
export function tell(change: Change, message: Message): void {
  for (const channel of channelsOf(change.services.config)) {
    change.enqueue(jobOf[channel], message, { key: `${channel} ${message.id}`, queue: `tell by ${channel}` });
  }
}

/** Tells people by mail. @throws MailFailed so that the queue tries again */
export function tellByMail(services: Services, message: Message): Promise<void> {
  const { config } = services;
  return deliver(services, "mail", message, () =>
    sendMail(mailServerOf(config)!, {
      id: message.id,
      from: config.FLEETHOLD_MAIL_FROM!,
      to: config.FLEETHOLD_ALERT_MAIL!,
      ...mailOf(message, config.FLEETHOLD_PUBLIC_URL),
    }));
}

/** Tells a webhook. @throws WebhookFailed so that the queue tries again */
export function tellByWebhook(services: Services, message: Message): Promise<void> {
  const { FLEETHOLD_ALERT_WEBHOOK: url, FLEETHOLD_ALERT_SECRET: secret, FLEETHOLD_PUBLIC_URL: installation } =
    services.config;
  const { id, ...facts } = message;
  const body = { id, about: "backups", installation, page: `${installation}/backups`, ...facts };
  return deliver(services, "webhook", message, async () => {
    await callWebhook({ url: url!, secret: secret! }, id, body);
    return 0;
  });
}

/** Has the queue try again every few minutes what it would leave for hours. */
export async function keepTrying(change: Change): Promise<void> {
  await sql`select graphile_worker.reschedule_jobs(
    array(select id from graphile_worker.jobs where task_identifier = any(${Object.values(jobOf)})
      and attempts >= ${ATTEMPTS} and locked_at is null and run_at > now()),
    run_at := now() + interval '5 minutes', attempts := ${ATTEMPTS - 1})`.execute(change.tx);
}

async function deliver(
  services: Services,
  by: Channel,
  message: Message,
  send: () => Promise<number>,
): Promise<void> {
  const isSetUp = channelsOf(services.config).includes(by);
  if (!isSetUp || Date.now() - Date.parse(message.at) > STALE_MS) return;
  let refused: number;
  try {
    refused = await send();
  } catch (error) {
    if (error instanceof MailFailed || error instanceof WebhookFailed) {
      await noteFailure(services, by, error.code);
    }
    throw error;
  }
  await change(services, system("job"), async (change) => {
    await change.tx.deleteFrom("backupAlarms").where("promise", "=", `told-by-${by}`).execute();
    const promises = [...message.broken, ...message.still, ...message.kept].map(({ promise }) => promise);
    change.record("backup.told", { by, message: message.id, promises, ...(refused > 0 && { refused }) });
  });
}

/** That people cannot be told stands on the page and, the first time, in the trail. */
async function noteFailure(services: Services, by: Channel, why: string): Promise<void> {
  await change(services, system("job"), async (change) => {
    const promise = `told-by-${by}`;
    const known = await change.tx.selectFrom("backupAlarms").select("words").where("promise", "=", promise)
      .executeTakeFirst();
    if (known?.words === why) return change.unchanged();
    await change.tx.insertInto("backupAlarms")
      .values({ promise, since: new Date(), words: why, toldAt: null, keptSince: null })
      .onConflict((conflict) => conflict.column("promise").doUpdateSet({ words: why })).execute();
    change.record("backup.not-told", { by, why });
  });
}

/** A message as a mail: subject and text. */
export function mailOf(
  { broken, still, kept }: Message,
  installation: string,
): { subject: string; text: string } {
  const host = new URL(installation).host;
  const promises = (count: number) => count === 1 ? "1 promise is" : `${count} promises are`;
  const subject = broken.length > 0
    ? `${promises(broken.length)} broken`
    : still.length > 0
    ? `${promises(still.length)} still broken`
    : `${promises(kept.length)} kept again`;
  const entry = ({ what, so, next }: Said) => `- ${what}\n${so ? `  ${so}\n  What to do: ${next}\n` : ""}`;
  const part = (heading: string, said: Said[]) =>
    said.length > 0 ? [`${heading}\n\n${said.map(entry).join("\n")}`] : [];
  const text = [
    ...part("Broken:", broken),
    ...part("Still broken:", still),
    ...part("Kept again:", kept),
    `Everything about it: ${installation}/backups`,
    "You are told because the settings of this installation name your address (FLEETHOLD_ALERT_MAIL).",
  ].join("\n\n");
  return { subject: `Fleethold backups: ${subject} (${host})`, text: `${text}\n` };
}
