import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tellingPlaces, tellingSettings } from "../../scripts/embedded/telling.ts";
import { checkout, denoDirectory } from "../../scripts/embedded/program.ts";
import { freePorts } from "../../scripts/embedded/ports.ts";
import { permissionFlags } from "../../scripts/installation/permissions.ts";
import type { Message } from "../../server/backups/telling.ts";
import { newId } from "../../server/platform/id.ts";
import { enqueue } from "../../server/platform/queue.ts";
import { useCompany } from "../harness/app.ts";
import { eventually } from "../harness/launcher.ts";
import { TestMailServer } from "../harness/mail_server.ts";
import { WebhookReceiver } from "./webhook_receiver.ts";

const company = useCompany();
const secret = "a-secret-between-the-two";
let mail: TestMailServer, webhook: WebhookReceiver, worker: Deno.ChildProcess | undefined;

beforeAll(async () => {
  mail = await TestMailServer.start();
  webhook = new WebhookReceiver(secret);
});
afterAll(async () => {
  worker?.kill("SIGTERM");
  await worker?.status;
  await mail?.end();
  await webhook?.end();
});

const message = (): Message => ({
  id: newId(),
  at: new Date().toISOString(),
  broken: [],
  still: [],
  kept: [],
});

it("the worker, held to what it may reach, tells people by mail and webhook", async () => {
  const { config } = company.services;
  const settings = tellingSettings({
    FLEETHOLD_SMTP: `localhost:${mail.port}`,
    FLEETHOLD_SMTP_AUTHORITY: mail.authority,
    FLEETHOLD_SMTP_USER: "alerts",
    FLEETHOLD_SMTP_PASSWORD: "opensesame",
    FLEETHOLD_MAIL_FROM: "fleethold@kestrel.example",
    FLEETHOLD_ALERT_MAIL: "olive@kestrel.example",
    FLEETHOLD_ALERT_WEBHOOK: webhook.url,
    FLEETHOLD_ALERT_SECRET: secret,
  });
  const server = join(checkout, "server");
  const listen = `127.0.0.1:${freePorts(1)[0]}`;
  worker = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...permissionFlags("work", {
        listen,
        data: new URL(config.FLEETHOLD_DATA_URL).host,
        keys: new URL(config.FLEETHOLD_KEYS_URL).host,
        server,
        modules: join(checkout, "node_modules"),
        ...tellingPlaces(settings),
      }),
      join(server, "main.ts"),
      "work",
    ],
    cwd: server,
    clearEnv: true,
    env: {
      ...settings,
      HOME: server,
      DENO_DIR: denoDirectory(),
      PATH: dirname(Deno.execPath()),
      FLEETHOLD_DATA_URL: config.FLEETHOLD_DATA_URL,
      FLEETHOLD_DATA_PASSWORD: config.FLEETHOLD_DATA_PASSWORD,
      FLEETHOLD_KEYS_URL: config.FLEETHOLD_KEYS_URL,
      FLEETHOLD_KEYS_PASSWORD: config.FLEETHOLD_KEYS_PASSWORD,
      FLEETHOLD_MASTER_KEY: config.FLEETHOLD_MASTER_KEY.toBase64(),
      FLEETHOLD_SEARCH_KEY: config.FLEETHOLD_SEARCH_KEY.toBase64(),
      FLEETHOLD_PEPPER: config.FLEETHOLD_PEPPER.toBase64(),
      FLEETHOLD_PUBLIC_URL: config.FLEETHOLD_PUBLIC_URL,
      FLEETHOLD_PROBE_LISTEN: listen,
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const [byMail, byWebhook] = [message(), message()];
  await enqueue(company.services.db, "backups.tell-by-mail", byMail);
  await enqueue(company.services.db, "backups.tell-by-webhook", byWebhook);
  await eventually(() => mail.arrived.length === 1 && webhook.told.length === 1);
  expect(mail.arrived[0]).toMatchObject({ isEncrypted: true, to: ["olive@kestrel.example"] });
  expect(webhook.told[0]).toMatchObject({ id: byWebhook.id, isSigned: true });
  const metrics = await (await fetch(`http://${listen}/metrics`)).text();
  expect(metrics).toContain("fleethold_job_seconds_count");
  expect(metrics).toContain("# TYPE fleethold_backup_promise_kept gauge");
}, 90_000);
