import type { Cluster } from "./cluster.ts";
import { scramVerifier } from "./scram.ts";

export interface RolePasswords {
  app: string;
  migrator: string;
}

const rolesFile = new URL("../../migrations/roles/cluster.sql", import.meta.url);

/** Makes the database `fleethold`, its roles and their rights what this release wants; safe to repeat. */
export async function applyRoles(cluster: Cluster, passwords: RolePasswords): Promise<void> {
  const server = await cluster.connect();
  try {
    const { rowCount } = await server.query("select from pg_database where datname = 'fleethold'");
    if (rowCount === 0) await server.query("create database fleethold");
  } finally {
    await server.end();
  }
  const database = await cluster.connect("fleethold");
  try {
    await database.query(
      `select set_config('fleethold.app_verifier', $1, false), set_config('fleethold.migrator_verifier', $2, false)`,
      [scramVerifier(passwords.app), scramVerifier(passwords.migrator)],
    );
    await database.query(await Deno.readTextFile(rolesFile));
  } finally {
    await database.end();
  }
}
