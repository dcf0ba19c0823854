import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Where Debian, Ubuntu, Fedora and others keep it. */
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
];

/** The Chromium of this machine, or undefined where it has none. */
export const installedChromium: string | undefined = places.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/**
 * Starts a browser that talks to nobody but the pages it is shown.
 * @param home whose list of trusted authorities it uses; undefined: ours
 */
export async function startBrowser(executablePath: string, home?: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    ...(home && { env: { ...Deno.env.toObject(), HOME: home } }),
    args: [
      // Chromium's own sandbox cannot be set up by root.
      ...(Deno.uid() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * Puts authorities where Chromium on Linux looks, as docs/tls.md tells; answers why not, where that cannot be done.
 * @param home whose list it is; the directory is made
 * @param roots their certificates, PEM
 */
export async function trustAuthorities(home: string, roots: readonly string[]): Promise<string | undefined> {
  const store = join(home, ".pki/nssdb");
  await Deno.mkdir(store, { recursive: true });
  const certutil = async (...args: string[]) =>
    (await new Deno.Command("certutil", {
      args: ["-d", `sql:${store}`, ...args],
      stdout: "null",
      stderr: "null",
    }).output()).success;
  try {
    await certutil("-N", "--empty-password");
    for (const [at, root] of roots.entries()) {
      const file = join(home, `root-${at}.crt`);
      await Deno.writeTextFile(file, root);
      const isTrusted = await certutil("-A", "-t", "C,,", "-n", `root ${at}`, "-i", file);
      if (!isTrusted) return "certutil did not take the root certificate";
    }
  } catch {
    return "certutil (Debian: libnss3-tools) is not on this machine";
  }
}
