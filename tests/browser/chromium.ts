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
