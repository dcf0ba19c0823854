import { Hono } from "hono";
import { z } from "zod";
import { type AppEnv, may } from "../access/may.ts";
import { answers, body, etag, ifMatch, params, query } from "../platform/http.ts";
import { Id } from "../platform/schema.ts";
import { Site, SiteEdit, SiteFields, SitePage, SiteQuery } from "./schema.ts";
import { createSite, editSite, listSites, siteOf } from "./site.ts";

const oneSite = params("site", z.object({ id: Id }));

export const siteRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("sites.read"),
    query(SiteQuery),
    answers(200, SitePage, "Lists the sites you reach, by name"),
    async (c) => c.json(await listSites(c.var.reader, c.req.valid("query"))),
  )
  .post("/", may("sites.write"), body(SiteFields), answers(201, Site, "Opens a site"), async (c) => {
    const site = await c.var.change((change) => createSite(change, c.req.valid("json")));
    etag(c, site.version);
    return c.json(site, 201);
  })
  .get("/:id", may("sites.read"), oneSite, answers(200, Site, "Shows a site"), async (c) => {
    const site = await siteOf(c.var.reader, c.req.valid("param").id);
    etag(c, site.version);
    return c.json(site);
  })
  .patch(
    "/:id",
    may("sites.write"),
    oneSite,
    ifMatch(),
    body(SiteEdit),
    answers(200, Site, "Edits a site, or closes it"),
    async (c) => {
      const { id } = c.req.valid("param");
      const site = await c.var.change((change) => editSite(change, id, c.var.ifMatch, c.req.valid("json")));
      etag(c, site.version);
      return c.json(site);
    },
  );
