import { describe, expect, it } from "vitest";
import { addressOf, hostsOf, readSettings, settingNames, SettingsFault } from "../../appliance/settings.ts";

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof SettingsFault) return error.faults;
    throw error;
  }
}

describe("the appliance's settings", () => {
  it("are all optional", () => {
    const settings = readSettings({ PATH: "/bin", FLEETHOLD_HOST: "", FLEETHOLD_ACME_MAIL: "" });
    expect(addressOf(settings)).toBe("localhost");
    expect(hostsOf(settings)).toEqual(["localhost", "127.0.0.1", "[::1]"]);
    expect(settings.FLEETHOLD_CERTIFICATE_LIFETIME).toBe(90 * 86_400);
  });

  it("take a name or an address as it stands in the address bar, and the port with it", () => {
    for (const host of ["fleet.example.org", "192.168.1.20", "[fd00::20]", "depot"]) {
      const settings = readSettings({ FLEETHOLD_HOST: host.toUpperCase(), FLEETHOLD_HTTPS_PORT: "8443" });
      expect(addressOf(settings)).toBe(`${host}:8443`);
      expect(hostsOf(settings)).toEqual([host]);
    }
  });

  it("know further names that lead to the first", () => {
    const settings = readSettings({
      FLEETHOLD_HOST: "fleet.lan",
      FLEETHOLD_HOST_ALIASES: "192.168.1.20, fleet",
    });
    expect(hostsOf(settings)).toEqual(["fleet.lan", "192.168.1.20", "fleet"]);
  });

  it("refuse a misspelt name and say which one was meant", () => {
    expect(faultsOf({ FLEETHOLD_HOTS: "fleet.lan" })).toEqual([
      "FLEETHOLD_HOTS is not a setting; did you mean FLEETHOLD_HOST?",
    ]);
  });

  it.each([
    ["FLEETHOLD_HOST", "https://fleet.lan"],
    ["FLEETHOLD_HOST", "fleet.lan:8443"],
    ["FLEETHOLD_HOST", "fd00::20"],
    ["FLEETHOLD_HOST", "192.168.1.999"],
    ["FLEETHOLD_HOST", "two names"],
    ["FLEETHOLD_HOST_ALIASES", "fine.lan, not_fine/"],
    ["FLEETHOLD_HTTPS_PORT", "https"],
    ["FLEETHOLD_HTTP_PORT", "65536"],
    ["FLEETHOLD_ACME_SERVER", "http://acme.example.com"],
    ["FLEETHOLD_CERTIFICATE_LIFETIME", "90"],
    ["FLEETHOLD_CLIENT_RATE", "1"],
    ["FLEETHOLD_DB_MEMORY", "lots"],
    ["FLEETHOLD_LOG_LEVEL", "loud"],
    ["FLEETHOLD_SYNCHRONOUS_LOG", "yes"],
    ["FLEETHOLD_BACKUP_TIME", "2 am"],
    ["FLEETHOLD_BACKUP_TIME", "24:00"],
    ["FLEETHOLD_BACKUP_DAY", "sonntag"],
    ["FLEETHOLD_BACKUP_DIFFERENTIAL", "6h"],
    ["FLEETHOLD_BACKUP_RETENTION", "6d"],
    ["FLEETHOLD_BACKUP_RETENTION", "5w"],
    ["FLEETHOLD_DRILL_EVERY", "0d"],
    ["FLEETHOLD_DRILL_EVERY", "32d"],
    ["FLEETHOLD_OFFSITE", "nas:/backups"],
    ["FLEETHOLD_OFFSITE", "rest:https://user:word@backup.example.org/"],
    ["FLEETHOLD_OFFSITE_KEYS", "http://example.org"],
    ["FLEETHOLD_OFFSITE_EVERY", "often"],
    ["FLEETHOLD_OFFSITE_RATE", "2MB"],
    ["FLEETHOLD_OFFSITE_HOURS", "at night"],
    ["FLEETHOLD_OFFSITE_TIME_ZONE", "Kestrel/Town"],
    ["FLEETHOLD_OFFSITE_FOLDER", "backups"],
    ["FLEETHOLD_SMTP", "smtp.example.org"],
    ["FLEETHOLD_SMTP", "smtp.example.org:587,evil.example:25"],
    ["FLEETHOLD_SMTP_TLS", "maybe"],
    ["FLEETHOLD_ALERT_MAIL", "it"],
    ["FLEETHOLD_ALERT_MAIL", "it@example.org;boss@example.org"],
    ["FLEETHOLD_ALERT_WEBHOOK", "hooks.example.org"],
    ["FLEETHOLD_ALERT_WEBHOOK", "http://hooks.example.org"],
    ["FLEETHOLD_ALERT_WEBHOOK", "https://user:word@hooks.example.org"],
    ["FLEETHOLD_SSO_HOSTS", "https://sso.example.org"],
    ["FLEETHOLD_SSO_HOSTS", "sso.example.org, two names"],
    ["FLEETHOLD_SSO_HOSTS", "*.example.org"],
    ["FLEETHOLD_SSO_HOSTS", "localhost:8443"],
    ["FLEETHOLD_SSO_HOSTS", "[::1]:8443"],
  ])("refuse %s=%s and say what it must be", (name, value) => {
    expect(faultsOf({ [name]: value }).join("\n")).toMatch(new RegExp(`^${name} `));
  });

  it("refuse what does nothing without another one", () => {
    expect(faultsOf({ FLEETHOLD_ALERT_MAIL: "it@example.org" })).toEqual([
      "FLEETHOLD_ALERT_MAIL does nothing without FLEETHOLD_SMTP",
      "FLEETHOLD_ALERT_MAIL does nothing without FLEETHOLD_MAIL_FROM",
    ]);
    expect(faultsOf({ FLEETHOLD_OFFSITE: "folder" })[0]).toMatch(/^FLEETHOLD_OFFSITE is folder, and /);
    expect(faultsOf({ FLEETHOLD_OFFSITE: "folder", FLEETHOLD_OFFSITE_FOLDER: "/mnt/backup" })).toEqual([]);
    expect(faultsOf({
      FLEETHOLD_SMTP: "smtp.example.org:587",
      FLEETHOLD_MAIL_FROM: "fleethold@example.org",
      FLEETHOLD_ALERT_MAIL: "it@example.org, boss@example.org",
    })).toEqual([]);
  });

  it("name all faults together", () => {
    expect(faultsOf({ FLEETHOLD_HTTP_PORT: "443", FLEETHOLD_LOG_LEVEL: "loud", FLEETHOLD_X: "1" }))
      .toHaveLength(3);
  });

  it("ask no public authority for a name that is not public", () => {
    const mail = { FLEETHOLD_ACME_MAIL: "it@example.com" };
    expect(faultsOf({ ...mail, FLEETHOLD_HOST: "fleet.lan" })[0]).toMatch(/^FLEETHOLD_ACME_MAIL is set, but/);
    expect(faultsOf({ ...mail, FLEETHOLD_HOST: "fleet.example.org" })).toEqual([]);
  });

  it("are each explained in .env.example, which sets none of them", () => {
    const example = Deno.readTextFileSync(new URL("../../.env.example", import.meta.url));
    const explained = [...example.matchAll(/^# ?(FLEETHOLD_\w+)=/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual(settingNames.toSorted());
    expect(example).not.toMatch(/^[A-Z]/m);
  });
});
