import { type Kysely, sql } from "kysely";

/**
 * Row-level security by site: a second wall behind the code's own conditions (`Reader.inSites`). The app's connection
 * says in the setting `fleethold.sites` whose rows it is to be shown: `all`, or an array of ids; where it says nothing
 * there is nothing to see (see server/platform/database.ts and docs/decisions/0011-row-security.md).
 *
 * The policies are the app's alone. The owner, as whom migrations and foreign keys work, and the backup service, which
 * has to read everything, are not held by them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Policies call them in a subquery of their own, so that they run once a query and not once a row.
  await sql`
    create function reaches_all_sites() returns boolean language sql stable parallel safe
      return coalesce(current_setting('fleethold.sites', true), '') = 'all'`.execute(db);
  await sql`
    create function reached_sites() returns uuid[] language sql stable parallel safe
      return case when starts_with(current_setting('fleethold.sites', true), '{')
        then current_setting('fleethold.sites', true)::uuid[] end`.execute(db);

  const all = "(select reaches_all_sites())";
  const reached = (column: string) => `${all} or ${column} = any ((select reached_sites())::uuid[])`;
  // The order's own policy holds within the subquery.
  const ofReachedOrder = (column: string) =>
    `${all} or exists (select from deliveries where deliveries.id = ${column})`;
  const walls = {
    sites: reached("id"),
    account_sites: reached("site_id"),
    drivers: reached("site_id"),
    vehicles: reached("site_id"),
    deliveries: reached("site_id"),
    imports: reached("site_id"),
    import_mappings: reached("site_id"),
    delivery_steps: ofReachedOrder("delivery_id"),
    proofs: ofReachedOrder("delivery_id"),
    tracking_links: ofReachedOrder("delivery_id"),
  };
  for (const [table, condition] of Object.entries(walls)) {
    await sql.raw(`alter table ${table} enable row level security`).execute(db);
    await sql.raw(
      `create policy of_reached_sites on ${table} to fleethold_app using (${condition}) with check (${condition})`,
    ).execute(db);
  }

  // The index of keyed hashes may be read as a whole: array overlap is not leakproof, so behind a policy it would be
  // compared row by row instead of looked up. What is found there is ids, and those orders stand behind their own wall.
  const ofIndex = reached("site_id");
  await sql.raw(`
    alter table delivery_search enable row level security;
    create policy looked_up on delivery_search for select to fleethold_app using (true);
    create policy added_at_reached_sites on delivery_search for insert to fleethold_app with check (${ofIndex});
    create policy changed_at_reached_sites on delivery_search for update to fleethold_app
      using (${ofIndex}) with check (${ofIndex})`).execute(db);

  // Nor is lower(): the beginning of a number is looked up in a column that holds what it made.
  await sql`
    alter table deliveries add column number_lower text not null generated always as (lower(number)) stored`
    .execute(db);
  await sql`drop index deliveries_number_like`.execute(db);
  await sql`create index deliveries_number_lower on deliveries (number_lower text_pattern_ops)`.execute(db);
}
