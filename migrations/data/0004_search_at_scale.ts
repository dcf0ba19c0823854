import { type Kysely, sql } from "kysely";

/** What the search needs among millions of deliveries, and on the first day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Whether a word is looked for among the newest deliveries or in the index depends on how many have it. The default
  // statistics know the thousand most frequent words and take all others for as frequent as the last of these.
  await sql`alter table delivery_search alter column tokens set statistics 1000`.execute(db);
  // An index of no deliveries is complete: the first search of a new installation must not make it again.
  await sql`
    insert into blind_indexes (name)
    select 'deliveries' where not exists (select from deliveries)
    on conflict do nothing`.execute(db);
}
