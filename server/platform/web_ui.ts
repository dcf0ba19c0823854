import { Hono } from "hono";
import { serveStatic } from "hono/deno";
import { stating } from "./http.ts";

const forAnybody = stating({ access: { open: "the pages' code holds no data" } }, (_, next) => next());

/**
 * The web UI: precompressed files, those under /assets/ named by their content and so kept for ever, and the one page
 * for every address that is none of them.
 */
export function webUi(root: string) {
  const page = serveStatic({ root, path: "index.html", precompressed: true });
  return new Hono()
    .get(
      "/assets/*",
      forAnybody,
      serveStatic({
        root,
        precompressed: true,
        onFound: (_, c) => c.header("Cache-Control", "public, max-age=31536000, immutable"),
      }),
    )
    .get(
      "/:file{[a-z0-9_-]+\\.[a-z0-9]+}",
      forAnybody,
      serveStatic({ root, onFound: (_, c) => c.header("Cache-Control", "no-cache") }),
    )
    // A page that is no part of the app has a file of its own: /t is t.html.
    .get(
      "/:page{[a-z]+}",
      forAnybody,
      serveStatic({
        root,
        precompressed: true,
        rewriteRequestPath: (path) => `${path}.html`,
        onFound: (_, c) => c.header("Cache-Control", "no-cache"),
      }),
    )
    .get("/*", forAnybody, (c, next) => {
      if (/\.[a-z0-9]+$/.test(c.req.path)) return next();
      c.header("Cache-Control", "no-cache");
      return page(c, next);
    });
}
