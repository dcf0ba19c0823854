import { describe, expect, it } from "vitest";
import { faultOf } from "../../backup/offsite/fault.ts";
import { isWithin, nextWithin, parseHours } from "../../backup/offsite/hours.ts";
import { readSettings } from "../../backup/offsite/settings.ts";
import { addressOf, parseTarget, resticAccess } from "../../backup/offsite/target.ts";

const complete = {
  FLEETHOLD_OFFSITE: "sftp://depot@backup.example.org:2222/srv/fleethold",
  FLEETHOLD_OFFSITE_KEY_FILE: "/run/fleethold/offsite_key",
  FLEETHOLD_OFFSITE_SNAPSHOT: "/snapshot",
  FLEETHOLD_OFFSITE_STATUS: "/status",
  FLEETHOLD_OFFSITE_RETURNED: "/returned",
  FLEETHOLD_OFFSITE_CACHE: "/cache",
};

describe("the settings of the offsite copy", () => {
  it("need little more than the target and its key", () => {
    expect(readSettings(complete)).toMatchObject({
      FLEETHOLD_OFFSITE: {
        kind: "sftp",
        user: "depot",
        host: "backup.example.org",
        port: 2222,
        path: "/srv/fleethold",
      },
      FLEETHOLD_OFFSITE_EVERY: 300,
      FLEETHOLD_OFFSITE_TIME_ZONE: "UTC",
    });
  });

  it("tell all their faults together, and what a misspelt one was probably meant to be", () => {
    const { FLEETHOLD_OFFSITE_KEY_FILE: _, ...without } = complete;
    const read = () =>
      readSettings({
        ...without,
        FLEETHOLD_OFFSITE_HOUR: "20-6",
        FLEETHOLD_OFFSITE_EVERY: "often",
        FLEETHOLD_OFFSITE_TIME_ZONE: "Berlin",
      });
    expect(read).toThrow("did you mean FLEETHOLD_OFFSITE_HOURS?");
    expect(read).toThrow("FLEETHOLD_OFFSITE_KEY_FILE is missing");
    expect(read).toThrow("FLEETHOLD_OFFSITE_EVERY must be a number with s, m or h");
    expect(read).toThrow("FLEETHOLD_OFFSITE_TIME_ZONE must be an IANA time zone");
  });

  it.each([
    ["sftp:depot@backup.example.org:/srv/x", "sftp://depot@backup.example.org/srv/x"],
    ["s3:https://s3.example.org/bucket/depot/", "s3:https://s3.example.org/bucket/depot"],
    ["rest:https://backup.example.org:8000/depot", "rest:https://backup.example.org:8000/depot"],
    ["folder", "folder"],
  ])("take %s for a target", (text, address) => {
    const target = parseTarget(text);
    if (typeof target === "string") throw new Error(target);
    expect(addressOf(target)).toBe(address);
  });

  it.each([
    ["backup.example.org", "must be folder, sftp://"],
    ["rest:https://user:secret@backup.example.org/", "must not hold credentials"],
    ["s3:http://s3.example.org/bucket", "must begin with https://"],
    ["s3:https://s3.example.org/", "must be folder, sftp://"],
    ["sftp://-oProxyCommand=x@host/srv", "must be folder, sftp://"],
  ])("refuse %s and say why", (text, why) => {
    expect(parseTarget(text)).toContain(why);
  });

  it("keep every secret out of the list of processes", () => {
    const secrets = { accessKey: "AKEY", secretKey: "SKEY", user: "depot", password: "geheim" };
    for (const text of ["s3:https://s3.example.org/b", "rest:https://backup.example.org/x"]) {
      const target = parseTarget(text);
      if (typeof target === "string") throw new Error(target);
      const { options } = resticAccess(target, secrets, "data", "/offsite");
      expect(options.join(" ")).not.toMatch(/SKEY|geheim/);
    }
  });
});

describe("the hours for copying", () => {
  const night = parseHours("20-6");

  it("go over midnight, in the company's time zone", () => {
    // 19:30 and 20:30 in Berlin, in winter.
    expect(isWithin(night, "Europe/Berlin", Date.parse("2026-11-26T18:30:00Z"))).toBe(false);
    expect(isWithin(night, "Europe/Berlin", Date.parse("2026-11-26T19:30:00Z"))).toBe(true);
    expect(isWithin(night, "Europe/Berlin", Date.parse("2026-11-27T04:59:00Z"))).toBe(true);
    expect(isWithin(night, "Europe/Berlin", Date.parse("2026-11-27T05:00:00Z"))).toBe(false);
  });

  it("say when the next copy is", () => {
    const next = nextWithin(night, "Europe/Berlin", Date.parse("2026-11-26T10:10:00Z"));
    expect(new Date(next).toISOString()).toBe("2026-11-26T19:00:00.000Z");
  });

  it("are all hours when none are set", () => {
    const now = Date.parse("2026-11-26T10:10:00Z");
    expect(nextWithin(undefined, "UTC", now)).toBe(now);
  });

  it.each(["20", "20-20", "24-6", "-3-5", "night"])("are not %s", (text) => {
    expect(parseHours(text)).toBeUndefined();
  });
});

describe("what goes wrong between here and the target is told apart", () => {
  it.each([
    ["Fatal: wrong password or no key found", 1, "password"],
    ["", 12, "password"],
    [
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
      1,
      "host-key-changed",
    ],
    ["subprocess ssh: Host key verification failed.", 1, "host-key-unknown"],
    ["depot@host: Permission denied (publickey).", 1, "credentials"],
    ["unexpected HTTP response (401): 401 Unauthorized", 1, "credentials"],
    ["dial tcp 192.0.2.1:443: connect: connection refused", 1, "unreachable"],
    ["dial tcp: lookup backup.example.org: no such host", 1, "unreachable"],
    ["tls: failed to verify certificate: x509: certificate signed by unknown authority", 1, "certificate"],
    ["write /x: no space left on device", 1, "full"],
    ["unable to create lock in backend: repository is already locked by PID 9", 11, "locked"],
    ["something new", 1, "other"],
  ])("%s", (words, code, kind) => {
    const fault = faultOf("the target", code, words);
    expect(fault.kind).toBe(kind);
    expect(fault.hint).not.toBe("");
  });
});
