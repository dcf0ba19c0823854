import { Hono } from "hono";
import { type AppEnv, may } from "../access/may.ts";
import { answers, body } from "../platform/http.ts";
import { editCompany, theCompany } from "./company.ts";
import { Company } from "./schema.ts";

export const companyRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("company.read"),
    answers(200, Company, "Shows the company"),
    async (c) => c.json(await theCompany(c.var.reader)),
  )
  .put(
    "/",
    may("company.write"),
    body(Company),
    answers(200, Company, "Edits the company"),
    async (c) => c.json(await c.var.change((change) => editCompany(change, c.req.valid("json")))),
  );
