/**
 * The server without the opening: to it, every person is erased. All else is the same code: routes, sessions, queries,
 * answers. Nothing sealed is opened, so no key is fetched and no look is recorded. `bench api` starts it as a process
 * of its own beside `serve`, with the same environment, and compares the two.
 */
import { createApp } from "../../server/app.ts";
import { KeyStore } from "../../server/platform/keys.ts";
import { Metrics } from "../../server/platform/metrics.ts";
import { openServices } from "./services.ts";

class NoKeys extends KeyStore {
  override load(): Promise<Map<string, Uint8Array | null>> {
    return Promise.resolve(new Map());
  }
}

const [port] = Deno.args;
const { services, pools } = openServices(Deno.env.toObject(), 16, (...given) => new NoKeys(...given));
const app = createApp(services, new Metrics(pools), null);
Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, app.fetch);
