import { createHmac } from "node:crypto";

/** Where somebody wants to be told, and the secret by which they know that it was us. */
export interface Webhook {
  url: string;
  secret: string;
}

/** Why a webhook was not told: the status it answered, or that it did not answer at all. */
export class WebhookFailed extends Error {
  override name = "WebhookFailed";
  constructor(readonly code: string) {
    super(`The webhook was not told: ${code}`);
  }
}

const PATIENCE_MS = 10_000;

/**
 * Posts JSON to a webhook. Told is whoever answers with a status from 200 to 299; redirects are not followed, and what
 * is answered besides the status is not read.
 *
 * `Fleethold-Signature: t=<seconds since 1970>,v1=<hex>` is the HMAC-SHA256 (RFC 2104) of `<t>.<body>` under the
 * secret; whoever checks it should refuse a `t` that is minutes old. `Fleethold-Id` stays the same for each attempt.
 *
 * @throws WebhookFailed
 */
export async function callWebhook({ url, secret }: Webhook, id: string, message: unknown): Promise<void> {
  const body = JSON.stringify(message);
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "Fleethold",
        "Fleethold-Id": id,
        "Fleethold-Signature": `t=${seconds},v1=${signature}`,
      },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new WebhookFailed((error as Error).name === "TimeoutError" ? "too-slow" : "unreachable");
  }
  await response.body?.cancel();
  if (!response.ok) throw new WebhookFailed(`status-${response.status}`);
}
