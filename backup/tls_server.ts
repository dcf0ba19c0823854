import { join } from "node:path";
import { readText } from "./files.ts";
import type { Parts } from "./parts.ts";

const LOOK_MS = 10_000;

/**
 * pgBackRest's own TLS server, by which the clusters' hosts send their log here. It wants its key in a file of its own
 * that nobody else may read, and reads a renewed certificate when it is told to. Where both clusters lie on this
 * machine there is none.
 */
export class TlsServer {
  #child: Deno.ChildProcess | undefined;
  #isStopping = false;
  #pem: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly parts: Parts) {}

  get #isWanted(): boolean {
    return this.parts.settings.FLEETHOLD_DATA_HOST !== undefined;
  }

  get isWell(): boolean {
    return !this.#isWanted || this.#child !== undefined;
  }

  async start(): Promise<void> {
    if (!this.#isWanted) return;
    await this.#takeCertificate();
    void this.#keepServing();
    this.#timer = setInterval(() => void this.#renew(), LOOK_MS);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    const child = this.#child;
    child?.kill("SIGTERM");
    await child?.status;
  }

  async #keepServing(): Promise<void> {
    const { programs, pgBackRest, log } = this.parts;
    // The configuration is written right after the certificate.
    while (!this.#isStopping) {
      if (await readText(pgBackRest.config) !== undefined) {
        this.#child = programs.command("pgbackrest", [
          `--config=${pgBackRest.config}`,
          "--log-level-console=off",
          "server",
        ], {
          stdout: "null",
          stderr: "inherit",
        }).spawn();
        const { code } = await this.#child.status;
        this.#child = undefined;
        if (!this.#isStopping) log.error({ code }, "pgBackRest's server ended; starting it again");
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async #renew(): Promise<void> {
    const pem = await readText(this.parts.settings.FLEETHOLD_TLS_PEM!);
    if (pem === undefined || pem === this.#pem) return;
    await this.#takeCertificate();
    this.#child?.kill("SIGHUP");
    this.parts.log.info("took over the renewed certificate");
  }

  async #takeCertificate(): Promise<void> {
    const { files, places, settings } = this.parts;
    const pem = await Deno.readTextFile(settings.FLEETHOLD_TLS_PEM!);
    const key = pem.slice(pem.indexOf("-----BEGIN PRIVATE KEY-----"));
    await files.write(join(places.run, "tls.crt"), pem.slice(0, -key.length));
    await files.write(join(places.run, "tls.key"), key);
    this.#pem = pem;
  }
}
