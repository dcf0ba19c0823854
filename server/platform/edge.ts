import type { MiddlewareHandler } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";
import { isPublicName } from "./public_name.ts";

/**
 * Headers of every answer (ASVS 5.0 V3.4). The policy has no `unsafe-inline`, no nonce and no hash: all scripts and
 * styles are files of ours, and nothing is ever fetched from anywhere else.
 */
const HEADERS: Record<string, string> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy":
    "camera=(self), geolocation=(self), microphone=(), payment=(), usb=(), interest-cohort=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Two years, as browsers' lists of such sites ask for (ASVS 5.0 V3.4.1). */
const ALWAYS_TLS = { "Strict-Transport-Security": "max-age=63072000; includeSubDomains" };

/**
 * Puts the security headers on every answer; answers of the API are never stored anywhere. Browsers that came by TLS
 * once never come without it again, if the name is public: on a LAN's name they would lock people out who have not
 * told their device of the company's authority.
 */
export function securityHeaders(publicUrl: string): MiddlewareHandler {
  const headers = Object.entries({ ...HEADERS, ...(isAlwaysTls(publicUrl) && ALWAYS_TLS) });
  return async (c, next) => {
    await next();
    for (const [name, value] of headers) c.res.headers.set(name, value);
    if (c.req.path.startsWith("/api/") && !c.res.headers.has("Cache-Control")) {
      c.res.headers.set("Cache-Control", "no-store");
    }
  };
}

function isAlwaysTls(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === "https:" && isPublicName(hostname);
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses unsafe requests that another site's page makes a browser send (ASVS 5.0 V3.5.1). Browsers say where a
 * request comes from in `Sec-Fetch-Site`; older ones in `Origin`. A client that sends neither is no browser and has
 * no cookie that somebody else could ride on.
 */
export function sameOriginOnly(publicUrl: string): MiddlewareHandler {
  const own = new URL(publicUrl).origin;
  return async (c, next) => {
    if (!SAFE.has(c.req.method)) {
      const site = c.req.header("sec-fetch-site");
      const origin = c.req.header("origin");
      const ours = site
        ? site === "same-origin" || site === "none"
        : !origin || origin === own || URL.parse(origin)?.host === c.req.header("host");
      if (!ours) {
        throw new Problem(403, "cross-site", "This request came from another site's page", {
          next: `Use the pages at ${own}.`,
          recorded: true,
        });
      }
    }
    await next();
  };
}

/** What the proxy puts on every request it passes on, after taking away what the client sent under these names. */
const PROXY_TOKEN = "fleethold-proxy";
const CLIENT_ADDRESS = "x-forwarded-for";

/**
 * The client's network address. Behind the appliance's proxy it is what the proxy says, and nothing is answered that
 * did not come through it: whoever else reaches this port could claim any address (ASVS 5.0 V4.1.3).
 *
 * @param peer the connection's own address
 * @throws Problem not-through-proxy
 */
export function clientAddress(
  headers: Headers,
  peer: string | null,
  proxyToken: string | undefined,
): string | null {
  if (proxyToken === undefined) return peer;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (timingSafeEqual(digest(headers.get(PROXY_TOKEN) ?? ""), digest(proxyToken))) {
    return headers.get(CLIENT_ADDRESS);
  }
  throw new Problem(403, "not-through-proxy", "This port answers the appliance's proxy only", {
    next: "Use the address that the appliance is known by.",
  });
}
