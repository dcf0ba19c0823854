import type { Cluster } from "./cluster.ts";
import { scramVerifier } from "../installation/scram.ts";

/** Who signs in to a cluster, as roles.sql knows them without `fleethold_` before their names. */
export const loginRoles = ["app", "migrator", "backup", "receiver"] as const;
export type RolePasswords = Record<(typeof loginRoles)[number], string>;

const rolesFile = new URL("../../migrations/cluster/roles.sql", import.meta.url);

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
    for (const role of loginRoles) {
      await database.query("select set_config($1, $2, false)", [
        `fleethold.${role}_verifier`,
        scramVerifier(passwords[role]),
      ]);
    }
    await database.query(await Deno.readTextFile(rolesFile));
  } finally {
    await database.end();
  }
}
