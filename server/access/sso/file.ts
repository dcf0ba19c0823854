import { sql } from "kysely";
import { system } from "../../audit/actor.ts";
import { change } from "../../audit/change.ts";
import type { Services } from "../../platform/services.ts";
import { createProvider, forgetProvider, rewrite } from "./provider.ts";
import type { NewProvider } from "./schema.ts";

/**
 * Brings the providers that the operator set up in a file to what the file says: new ones are made, changed ones changed,
 * and those no longer in it removed. Those of the page stay as they are. Two that start at once do it one after the other.
 *
 * @throws Problem where a provider cannot be as the file has it
 */
export async function followFile(services: Services, wanted: readonly NewProvider[]): Promise<void> {
  await change(services, system("start-up"), async (made) => {
    await sql`select pg_advisory_xact_lock(hashtext('providers of the file'))`.execute(made.tx);
    made.unchanged();
    const had = await made.tx.selectFrom("ssoProviders").selectAll().where("source", "=", "file").forUpdate()
      .execute();
    for (const row of had) {
      const given = wanted.find(({ slug }) => slug === row.slug);
      if (!given) await forgetProvider(made, row);
      else await rewrite(made, row, given);
    }
    for (const given of wanted) {
      if (!had.some(({ slug }) => slug === given.slug)) await createProvider(made, given, "file");
    }
  });
}
