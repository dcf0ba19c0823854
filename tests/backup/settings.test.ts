import { describe, expect, it } from "vitest";
import { Places, readSettings, SettingsFault } from "../../backup/settings.ts";

const environment = {
  FLEETHOLD_DATA_URL: "postgres://fleethold_backup@db-data/fleethold",
  FLEETHOLD_KEYS_URL: "postgres://fleethold_backup@db-keys/fleethold",
  FLEETHOLD_DATA_PASSWORD: "a",
  FLEETHOLD_KEYS_PASSWORD: "b",
  FLEETHOLD_DATA_RECEIVER_PASSWORD: "c",
  FLEETHOLD_KEYS_RECEIVER_PASSWORD: "d",
  FLEETHOLD_DATA_CIPHER: "e",
  FLEETHOLD_KEYS_CIPHER: "f",
  FLEETHOLD_BACKUP_DIR: "/backup",
  FLEETHOLD_BACKUP_RUN_DIR: "/run/backup",
  FLEETHOLD_CLUSTER_FILES: "/var/lib/postgresql/{cluster}",
  FLEETHOLD_POSTGRES_BIN: "/usr/lib/postgresql/17/bin",
};
const read = (more: Record<string, string | undefined>, files: Record<string, string> = {}) =>
  readSettings(
    Object.fromEntries(
      Object.entries({ ...environment, ...more }).filter((entry): entry is [string, string] =>
        entry[1] !== undefined
      ),
    ),
    (path) => {
      if (!(path in files)) throw new Deno.errors.NotFound(path);
      return files[path]!;
    },
  );
const faultsOf = (more: Record<string, string | undefined>) => {
  try {
    read(more);
  } catch (error) {
    if (error instanceof SettingsFault) return error.message.split("\n").slice(1).map((line) => line.trim());
    throw error;
  }
  return [];
};

describe("the settings of the backup service", () => {
  it("make two backups a day at two, a full one on Sunday, keep 35 days, and drill each week unless told else", () => {
    expect(read({})).toMatchObject({
      FLEETHOLD_BACKUP_TIME: "02:00",
      FLEETHOLD_BACKUP_DAY: "sunday",
      FLEETHOLD_BACKUP_DIFFERENTIAL: "12h",
      FLEETHOLD_BACKUP_RETENTION: 35,
      FLEETHOLD_DRILL_EVERY: 7,
    });
  });

  it("that are wrong are all named at once, each with what would be right", () => {
    expect(
      faultsOf({
        FLEETHOLD_BACKUP_TIME: "25:00",
        FLEETHOLD_BACKUP_RETENTION: "3d",
        FLEETHOLD_DRILL_EVERY: "weekly",
        FLEETHOLD_BACKUP_DIR: "backup",
        FLEETHOLD_DATA_CIPHER: undefined,
        FLEETHOLD_BACKUP_RETENTON: "35d",
      }).sort(),
    ).toEqual([
      "FLEETHOLD_BACKUP_DIR must be an absolute path",
      "FLEETHOLD_BACKUP_RETENTION must be 7d or more",
      "FLEETHOLD_BACKUP_RETENTON is not a setting of the backup service; did you mean FLEETHOLD_BACKUP_RETENTION?",
      "FLEETHOLD_BACKUP_TIME must be a time of day such as 02:00",
      "FLEETHOLD_DATA_CIPHER is missing",
      "FLEETHOLD_DRILL_EVERY must be a number of days such as 35d",
    ]);
  });

  it("hold a secret's file's content without the end of its line, and name a file that cannot be read", () => {
    const file = { FLEETHOLD_DATA_CIPHER: undefined, FLEETHOLD_DATA_CIPHER_FILE: "/secrets/cipher" };
    expect(read(file, { "/secrets/cipher": "of the file\n" }).FLEETHOLD_DATA_CIPHER).toBe("of the file");
    expect(faultsOf(file)).toEqual(["FLEETHOLD_DATA_CIPHER_FILE: cannot read /secrets/cipher (NotFound)"]);
    expect(() => read(file, { "/secrets/cipher": "\n" })).toThrow("FLEETHOLD_DATA_CIPHER must not be empty");
  });

  it("say whom PostgreSQL's programs run as, and where everything is kept", () => {
    expect(read({ FLEETHOLD_POSTGRES_ACCOUNT: "103:105" }).FLEETHOLD_POSTGRES_ACCOUNT).toEqual({
      uid: 103,
      gid: 105,
    });
    const places = new Places(read({}));
    expect([places.repository("keys"), places.streamed("data"), places.state, places.scratch, places.run])
      .toEqual([
        "/backup/repository/keys",
        "/backup/streamed/data",
        "/backup/state",
        "/backup/scratch",
        "/run/backup",
      ]);
  });
});
