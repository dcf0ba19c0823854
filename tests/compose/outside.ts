import { checkout } from "../../scripts/embedded/program.ts";

/** A host beyond Docker's networks, as the internet is: a network namespace of the test's own. */
export interface Outside {
  address: string;
  port: number;
  end(): Promise<void>;
}

const name = "fleethold-outside";
const here = "198.18.77.1", there = "198.18.77.2", port = 4433;

/** Makes the host, with something that listens there; undefined where we may not. */
export async function startOutside(): Promise<Outside | undefined> {
  await run("ip", "netns", "delete", name);
  const isMade = await run("ip", "netns", "add", name) &&
    await run("ip", "link", "add", "fh-here", "type", "veth", "peer", "name", "fh-there", "netns", name) &&
    await run("ip", "address", "add", `${here}/30`, "dev", "fh-here") &&
    await run("ip", "link", "set", "fh-here", "up") &&
    await run("ip", "netns", "exec", name, "ip", "address", "add", `${there}/30`, "dev", "fh-there") &&
    await run("ip", "netns", "exec", name, "ip", "link", "set", "fh-there", "up");
  if (!isMade) return undefined;
  const code = `Deno.serve({ hostname: "${there}", port: ${port} }, () => new Response("outside"))`;
  const listener = new Deno.Command("ip", {
    args: ["netns", "exec", name, Deno.execPath(), "eval", code],
    cwd: checkout,
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    address: there,
    port,
    async end() {
      listener.kill("SIGTERM");
      await listener.status;
      await run("ip", "netns", "delete", name);
    },
  };
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
