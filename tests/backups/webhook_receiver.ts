import { createHmac } from "node:crypto";

/** What a webhook was told, with whether its signature is right. */
export interface Told {
  id: string;
  isSigned: boolean;
  // deno-lint-ignore no-explicit-any -- tests look into whatever they were told
  body: any;
}

/** Somebody's endpoint, who knows the secret and checks each message as our docs say. */
export class WebhookReceiver {
  readonly told: Told[] = [];
  /** What it answers instead of 204. */
  answer: (() => Response) | null = null;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(readonly secret: string) {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      const text = await request.text();
      if (this.answer) return this.answer();
      this.told.push({
        id: request.headers.get("fleethold-id") ?? "",
        isSigned: this.#isSigned(request.headers.get("fleethold-signature") ?? "", text),
        body: JSON.parse(text),
      });
      return new Response(null, { status: 204 });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/alerts?room=7`;
  }

  #isSigned(header: string, body: string): boolean {
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    if (!seconds || Math.abs(Date.now() / 1000 - Number(seconds)) > 300) return false;
    return createHmac("sha256", this.secret).update(`${seconds}.${body}`).digest("hex") === signature;
  }

  async end(): Promise<void> {
    await this.#server.shutdown();
  }
}
