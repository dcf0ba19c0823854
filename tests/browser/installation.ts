import { freePorts } from "../../scripts/embedded/ports.ts";
import { end, startInstallation } from "../harness/launcher.ts";

/** A real installation in a directory of its own, as `deno task start` makes it, its web UI built. */
export interface Installation {
  url: string;
  setUpLink: string;
  stop(): Promise<void>;
}

/** Starts an installation; the first time on a machine that takes as long as building the web UI does. */
export async function startTestInstallation(): Promise<Installation> {
  const directory = await Deno.makeTempDir({ prefix: "fleethold-browser-" });
  const launched = await startInstallation(["--port", String(freePorts(1)[0]), "--data", directory]);
  const { out } = launched.said;
  return {
    url: out.match(/^ready (.*)$/m)![1]!,
    setUpLink: out.match(/^set-up: (\S+)/m)![1]!,
    async stop() {
      await end(launched, "SIGTERM");
      await Deno.remove(directory, { recursive: true });
    },
  };
}
