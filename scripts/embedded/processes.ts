import process from "node:process";

/** Whether a process with this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks; Deno.kill has no such signal.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Signals the process; one that has ended meanwhile is no error. */
export function sendSignal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A process and the command line it was started with. */
export interface Process {
  pid: number;
  command: string;
}

/** The processes that this one started and that run now. */
export async function childrenOf(parent: number): Promise<Process[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-e", "-ww", "-o", "pid=,ppid=,args="] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n")
    .map((line) => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/)!)
    .filter((fields) => Number(fields[2]) === parent)
    .map((fields) => ({ pid: Number(fields[1]), command: fields[3]! }));
}
