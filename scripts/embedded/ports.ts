import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";

const defaultPort = 8080;

/** As many different TCP ports on 127.0.0.1 as wanted that nobody listens on now. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}

/**
 * The port to answer on: the given one, or else 8080 or the next that is free.
 *
 * @throws {Refusal} when the given one is busy
 */
export function choosePort(given: number | undefined): number {
  if (given !== undefined) {
    if (isFree(given)) return given;
    throw new Refusal(
      `Port ${given} is in use by another program`,
      "give another --port, or none to take the next free one",
      exitCodes.inUse,
    );
  }
  let port = defaultPort;
  while (!isFree(port)) port++;
  if (port !== defaultPort) say(`port ${defaultPort} is in use; answering on ${port}`);
  return port;
}

/** Waits until nobody listens on the port of 127.0.0.1, for at most `patienceMs`. */
export async function untilFree(port: number, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!isFree(port) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Refusal(
        `Port ${port} needs more rights than we have`,
        "give a port above 1023",
        exitCodes.usage,
      );
    }
    throw error;
  }
}
