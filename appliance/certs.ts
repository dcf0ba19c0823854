/** Keeps the certificates valid for as long as it runs; see certificates.ts. */
import { Refusal } from "../scripts/installation/refusal.ts";
import { explain, say } from "../scripts/installation/terminal.ts";
import { CertificateKeeper } from "./certificates.ts";
import { readSettings } from "./settings.ts";

const LOOK_EVERY_MS = 10_000;

if (import.meta.main) {
  let isStopping = false;
  const stop = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => {
    isStopping = true;
    stop.resolve();
  });
  const keeper = await CertificateKeeper.open(readSettings(Deno.env.toObject()), say);
  say("watching the certificates");
  while (!isStopping) {
    try {
      await keeper.keep();
      // So that the health check sees when this stops.
      await Deno.writeTextFile("/tmp/looked", new Date().toISOString());
    } catch (error) {
      // A full disk passes; until then this container is unhealthy, and says why.
      if (!(error instanceof Refusal)) throw error;
      explain(error);
    }
    await Promise.race([stop.promise, new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))]);
  }
}
