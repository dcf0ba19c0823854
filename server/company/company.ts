import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import { editedFields } from "../audit/edited_fields.ts";
import type { Reader } from "../audit/reader.ts";
import type { Generated } from "../platform/database.ts";
import { conflict } from "../platform/problem.ts";
import type { Company } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    /** One row, or none before the set-up. */
    company: {
      onlyOne: Generated<boolean>;
      name: string;
      timeZone: string;
      holidays: string;
      version: Generated<number>;
    };
  }
}

/** Whether there is a company yet. */
export async function isSetUp(reader: Reader): Promise<boolean> {
  return await row(reader).executeTakeFirst() !== undefined;
}

/** The company. @throws Problem not-set-up */
export async function theCompany(reader: Reader): Promise<Company> {
  return await row(reader).executeTakeFirstOrThrow(notSetUp);
}

/** Makes the one company there is; the caller has made sure that there is none. */
export async function createCompany(change: Change, company: Company): Promise<void> {
  await change.tx.insertInto("company").values(company).execute();
  change.record("company.set-up", {});
}

/** Edits the company. @throws Problem not-set-up */
export async function editCompany(change: Change, company: Company): Promise<Company> {
  const before = await row(change).forUpdate().executeTakeFirstOrThrow(notSetUp);
  const fields = editedFields(before, company);
  if (fields.length === 0) {
    change.unchanged();
    return before;
  }
  await change.tx.updateTable("company").set({ ...company, version: sql<number>`version + 1` }).execute();
  change.record("company.edited", { fields });
  return company;
}

const row = (reader: Reader) => reader.db.selectFrom("company").select(["name", "timeZone", "holidays"]);

const notSetUp = () =>
  conflict("not-set-up", "This installation is not set up yet", {
    next: "Open the set-up link that the first start printed.",
    recorded: false,
  });
