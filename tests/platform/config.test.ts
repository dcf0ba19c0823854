import { describe, expect, it } from "vitest";
import { ConfigFault, migrateSettings, readConfig, serveSettings } from "../../server/platform/config.ts";

const key = new Uint8Array(32).toBase64();
const files: Record<string, string> = { "/secrets/password": "s3cret\n", "/secrets/key": `${key}\n` };
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) throw new Deno.errors.NotFound(path);
  return text;
};
const whole = {
  FLEETHOLD_DATA_URL: "postgres://app@db:5432/fleethold",
  FLEETHOLD_DATA_PASSWORD_FILE: "/secrets/password",
  FLEETHOLD_KEYS_URL: "postgres://app@keys:5432/fleethold",
  FLEETHOLD_KEYS_PASSWORD_FILE: "/secrets/password",
  FLEETHOLD_MASTER_KEY_FILE: "/secrets/key",
  FLEETHOLD_SEARCH_KEY_FILE: "/secrets/key",
  FLEETHOLD_PEPPER_FILE: "/secrets/key",
  FLEETHOLD_SETUP_TOKEN_FILE: "/secrets/password",
  FLEETHOLD_PUBLIC_URL: "https://fleethold.example/",
  PATH: "/usr/bin",
};

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(serveSettings, environment, readFile);
    return [];
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
}

describe("the configuration", () => {
  it("is read from the environment, secrets from their files", () => {
    const config = readConfig(serveSettings, { ...whole, FLEETHOLD_LISTEN: "0.0.0.0:9000" }, readFile);
    expect(config.FLEETHOLD_DATA_PASSWORD).toBe("s3cret");
    expect(config.FLEETHOLD_MASTER_KEY).toHaveLength(32);
    expect(config.FLEETHOLD_PUBLIC_URL).toBe("https://fleethold.example");
    expect(config.FLEETHOLD_LISTEN).toEqual({ hostname: "0.0.0.0", port: 9000 });
  });

  it("names all its faults together", () => {
    const { FLEETHOLD_KEYS_URL: _, ...rest } = whole;
    const faults = faultsOf({
      ...rest,
      FLEETHOLD_LISTEN: "nowhere",
      FLEETHOLD_PEPPER_FILE: "/secrets/none",
      FLEETHOLD_LOG_LEVEL: "loud",
    });
    expect(faults).toHaveLength(4);
    expect(faults.join("\n")).toMatch(/FLEETHOLD_KEYS_URL is missing/);
    expect(faults.join("\n")).toMatch(/FLEETHOLD_PEPPER_FILE: cannot read \/secrets\/none/);
    expect(faults.join("\n")).toMatch(/FLEETHOLD_LISTEN must be HOST:PORT/);
  });

  it("lets people come without TLS from this machine only", () => {
    for (
      const url of ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://192.0.2.7"]
    ) {
      expect(readConfig(serveSettings, { ...whole, FLEETHOLD_PUBLIC_URL: url }, readFile)).toBeDefined();
    }
    for (
      const url of [
        "http://fleet.example.com",
        "http://192.0.2.7",
        "http://127.0.0.1.example.com",
        "nonsense",
      ]
    ) {
      expect(faultsOf({ ...whole, FLEETHOLD_PUBLIC_URL: url }).join()).toContain("FLEETHOLD_PUBLIC_URL");
    }
  });

  it("refuses a misspelt setting and says which one was meant", () => {
    expect(faultsOf({ ...whole, FLEETHOLD_PUBLIC_ULR: "x" })).toEqual([
      "FLEETHOLD_PUBLIC_ULR is not a setting; did you mean FLEETHOLD_PUBLIC_URL?",
    ]);
  });

  it("refuses a secret given twice, and a key that is not 32 bytes, without quoting either", () => {
    const faults = faultsOf({
      ...whole,
      FLEETHOLD_MASTER_KEY: key,
      FLEETHOLD_SEARCH_KEY_FILE: "/secrets/password",
    });
    expect(faults).toEqual([
      "FLEETHOLD_MASTER_KEY and FLEETHOLD_MASTER_KEY_FILE are both set; keep the file",
      "FLEETHOLD_SEARCH_KEY must hold 32 bytes in base64",
    ]);
  });

  it("of the migrator needs no key", () => {
    const {
      FLEETHOLD_DATA_URL,
      FLEETHOLD_DATA_PASSWORD_FILE,
      FLEETHOLD_KEYS_URL,
      FLEETHOLD_KEYS_PASSWORD_FILE,
    } = whole;
    const given = {
      FLEETHOLD_DATA_URL,
      FLEETHOLD_DATA_PASSWORD_FILE,
      FLEETHOLD_KEYS_URL,
      FLEETHOLD_KEYS_PASSWORD_FILE,
    };
    expect(() => readConfig(migrateSettings, given, readFile)).not.toThrow();
  });
});
