import { describe, expect, it } from "vitest";
import {
  ConfigFault,
  migrateSettings,
  outboundSettings,
  readConfig,
  serveSettings,
  workSettings,
} from "../../server/platform/config.ts";

const key = new Uint8Array(32).toBase64();
const files: Record<string, string> = { "/secrets/password": "s3cret\n", "/secrets/key": `${key}\n` };
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) throw new Deno.errors.NotFound(path);
  return text;
};
const whole = {
  FLEETHOLD_DATA_URL: "postgres://app@db:5432/fleethold?sslmode=verify-full&sslrootcert=/secrets/authority",
  FLEETHOLD_DATA_PASSWORD_FILE: "/secrets/password",
  FLEETHOLD_KEYS_URL: "postgres://app@keys:5432/fleethold?sslmode=verify-full&sslrootcert=/secrets/authority",
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

  it("lets a cluster be reached without a checked certificate on this machine only", () => {
    const faults = (url: string) => faultsOf({ ...whole, FLEETHOLD_DATA_URL: url });
    expect(faults("postgres://app@127.0.0.1:5432/fleethold")).toEqual([]);
    for (
      const url of [
        "postgres://app@db:5432/fleethold",
        "postgres://app@db:5432/fleethold?sslmode=require",
        "postgres://app@db:5432/fleethold?sslmode=verify-full",
        "postgres://app@127.0.0.1.example.com/fleethold",
      ]
    ) {
      expect(faults(url)).toEqual([
        expect.stringContaining("FLEETHOLD_DATA_URL must end with ?sslmode=verify-full"),
      ]);
    }
  });

  it("leaves a port that goes without saying out of people's address", () => {
    const given = { ...whole, FLEETHOLD_PUBLIC_URL: "https://fleet.example.com:443" };
    expect(readConfig(serveSettings, given, readFile).FLEETHOLD_PUBLIC_URL).toBe("https://fleet.example.com");
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

  it("says where outside is asked and by which token, or neither", () => {
    const url = { FLEETHOLD_OUTBOUND_URL: "https://outbound:8443" };
    const token = { FLEETHOLD_OUTBOUND_TOKEN_FILE: "/secrets/password" };
    expect(faultsOf({ ...whole, ...url, ...token })).toEqual([]);
    expect(faultsOf({ ...whole, ...url })).toEqual([
      "FLEETHOLD_OUTBOUND_URL is set, and FLEETHOLD_OUTBOUND_TOKEN is not: the token it is asked with",
    ]);
    expect(faultsOf({ ...whole, ...token })).toEqual([
      "FLEETHOLD_OUTBOUND_TOKEN is set, and FLEETHOLD_OUTBOUND_URL is not: where it is asked",
    ]);
    expect(faultsOf({ ...whole, ...token, FLEETHOLD_OUTBOUND_URL: "http://outbound:8443" }).join()).toContain(
      "must begin with https://",
    );
  });

  it("of whoever asks outside needs the token alone", () => {
    const token = { FLEETHOLD_OUTBOUND_TOKEN_FILE: "/secrets/password", FLEETHOLD_SSO_HOSTS: "" };
    expect(readConfig(outboundSettings, token, readFile)).toMatchObject({
      FLEETHOLD_OUTBOUND_TOKEN: "s3cret",
    });
    const listed = { ...token, FLEETHOLD_SSO_HOSTS: "keycloak.lan:8443" };
    expect(readConfig(outboundSettings, listed, readFile).FLEETHOLD_SSO_HOSTS).toEqual([
      { host: "keycloak.lan", port: 8443 },
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

describe("how people are told of what went wrong", () => {
  const told = {
    ...whole,
    FLEETHOLD_SMTP: "smtp.kestrel.example:587",
    FLEETHOLD_SMTP_USER: "fleethold",
    FLEETHOLD_SMTP_PASSWORD_FILE: "/secrets/password",
    FLEETHOLD_MAIL_FROM: "fleethold@kestrel.example",
    FLEETHOLD_ALERT_MAIL: "olive@kestrel.example, it@kestrel.example",
    FLEETHOLD_ALERT_WEBHOOK: "https://hooks.kestrel.example/7/abc?room=1",
    FLEETHOLD_ALERT_SECRET_FILE: "/secrets/key",
  };
  const read = (environment: Record<string, string>) => readConfig(workSettings, environment, readFile);
  const faultsAt = (over: Record<string, string | undefined>) => {
    const environment = Object.fromEntries(
      Object.entries({ ...told, ...over }).filter((entry): entry is [string, string] =>
        entry[1] !== undefined
      ),
    );
    try {
      read(environment);
      return [];
    } catch (error) {
      if (error instanceof ConfigFault) return error.faults;
      throw error;
    }
  };

  it("is read by the worker alone, and need not be set", () => {
    expect(read(told)).toMatchObject({
      FLEETHOLD_SMTP: { hostname: "smtp.kestrel.example", port: 587 },
      FLEETHOLD_ALERT_MAIL: ["olive@kestrel.example", "it@kestrel.example"],
      FLEETHOLD_ALERT_SECRET: key,
    });
    expect(read(whole).FLEETHOLD_SMTP).toBeUndefined();
    expect(readConfig(serveSettings, told, readFile)).not.toHaveProperty("FLEETHOLD_SMTP");
  });

  it.each([
    [{ FLEETHOLD_SMTP: undefined }, "FLEETHOLD_ALERT_MAIL is set, and FLEETHOLD_SMTP is not"],
    [
      { FLEETHOLD_ALERT_MAIL: undefined, FLEETHOLD_MAIL_FROM: undefined },
      "FLEETHOLD_SMTP is set, and FLEETHOLD_MAIL_FROM is not",
    ],
    [{ FLEETHOLD_MAIL_FROM: undefined }, "FLEETHOLD_ALERT_MAIL is set, and FLEETHOLD_MAIL_FROM is not"],
    [{ FLEETHOLD_SMTP_USER: undefined }, "FLEETHOLD_SMTP_PASSWORD is set, and FLEETHOLD_SMTP_USER is not"],
    [
      { FLEETHOLD_SMTP_PASSWORD_FILE: "/secrets/none" },
      "FLEETHOLD_SMTP_USER is set, and FLEETHOLD_SMTP_PASSWORD is not",
    ],
    [
      { FLEETHOLD_ALERT_SECRET_FILE: undefined },
      "FLEETHOLD_ALERT_WEBHOOK is set, and FLEETHOLD_ALERT_SECRET is not",
    ],
    [
      { FLEETHOLD_ALERT_WEBHOOK: undefined },
      "FLEETHOLD_ALERT_SECRET is set, and FLEETHOLD_ALERT_WEBHOOK is not",
    ],
    [
      { FLEETHOLD_ALERT_WEBHOOK: "http://hooks.kestrel.example/" },
      "FLEETHOLD_ALERT_WEBHOOK must begin with https://",
    ],
    [{ FLEETHOLD_ALERT_WEBHOOK: "https://me:pw@hooks.example/" }, "FLEETHOLD_ALERT_WEBHOOK must not hold"],
    [
      { FLEETHOLD_SMTP_TLS: "none" },
      "FLEETHOLD_SMTP_TLS is none, which is for a mail server on this machine",
    ],
    [{ FLEETHOLD_SMTP_TLS: "ssl" }, "FLEETHOLD_SMTP_TLS"],
    [{ FLEETHOLD_ALERT_MAIL: "olive@kestrel.example; it" }, "FLEETHOLD_ALERT_MAIL must be an e-mail address"],
    [{ FLEETHOLD_MAIL_FROM: "Fleethold" }, "FLEETHOLD_MAIL_FROM must be an e-mail address"],
    [
      { FLEETHOLD_ALERT_SECRET_FILE: undefined, FLEETHOLD_ALERT_SECRET: "short" },
      "FLEETHOLD_ALERT_SECRET must have 16 characters",
    ],
  ])("refuses %j by name", (over, fault) => {
    expect(faultsAt(over as Record<string, string | undefined>).join("\n")).toContain(fault);
  });

  it("may do without TLS, and without https, on this machine", () => {
    expect(faultsAt({
      FLEETHOLD_SMTP: "127.0.0.1:25",
      FLEETHOLD_SMTP_TLS: "none",
      FLEETHOLD_ALERT_WEBHOOK: "http://localhost:9000/alerts",
    })).toEqual([]);
  });
});
