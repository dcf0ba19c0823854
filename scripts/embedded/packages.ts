import { say } from "../installation/terminal.ts";

/** Whether Debian's packages can be installed here: we are root where there is apt. */
export async function hasApt(): Promise<boolean> {
  return Deno.build.os === "linux" && Deno.uid() === 0 && await succeeds("apt-get", ["--version"]);
}

/** Installs one of Debian's packages. A failure is told and not fatal: what is still missing afterwards decides. */
export async function installPackage(name: string): Promise<void> {
  say(`installing ${name} with apt`);
  await apt(["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", name]);
}

/** Runs apt-get; a failure is told and not fatal. */
export async function apt(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("apt-get", {
    args: ["-q", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) say(`apt-get ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Whether a program is here and content with these arguments. */
export async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
