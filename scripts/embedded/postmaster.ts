import { join } from "node:path";
import { readIfExists, removeIfExists } from "../installation/files.ts";
import { isAlive, sendSignal } from "./processes.ts";

/** Stops the postmaster that an earlier launcher, killed with -9, left running in the directory. */
export async function stopLeftover(files: string): Promise<void> {
  const pidFile = join(files, "postmaster.pid");
  const pid = Number((await readIfExists(pidFile))?.split("\n")[0]);
  if (!pid || !isAlive(pid)) return;
  if (!await worksIn(pid, files)) {
    // The machine was rebooted and the number belongs to somebody else now; PostgreSQL alone would refuse to start.
    await removeIfExists(pidFile);
    return;
  }
  sendSignal(pid, "SIGINT");
  const impatience = setTimeout(() => sendSignal(pid, "SIGQUIT"), 10_000);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
  clearTimeout(impatience);
}

/** Whether the process is the postmaster of the directory: it makes its data directory its working directory. */
async function worksIn(pid: number, files: string): Promise<boolean> {
  if (Deno.build.os === "linux") {
    try {
      return await Deno.readLink(`/proc/${pid}/cwd`) === await Deno.realPath(files);
    } catch {
      return false;
    }
  }
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "command=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout).includes(files);
}
