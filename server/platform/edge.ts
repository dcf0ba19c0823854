import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

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
 * once never come without it again.
 */
export function securityHeaders(publicUrl: string): MiddlewareHandler {
  const headers = Object.entries({ ...HEADERS, ...(publicUrl.startsWith("https:") && ALWAYS_TLS) });
  return async (c, next) => {
    await next();
    for (const [name, value] of headers) c.res.headers.set(name, value);
    if (c.req.path.startsWith("/api/") && !c.res.headers.has("Cache-Control")) {
      c.res.headers.set("Cache-Control", "no-store");
    }
  };
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
