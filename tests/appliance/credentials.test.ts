import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkCredentials, readCredentials } from "../../appliance/credentials.ts";
import { readSettings } from "../../appliance/settings.ts";
import { Refusal } from "../../scripts/installation/refusal.ts";

let folder: string;
let said: string[];
const put = (name: string, text: string) => Deno.writeTextFile(join(folder, name), text);
const read = () => readCredentials(folder, (line) => said.push(line));

beforeEach(async () => {
  folder = await Deno.makeTempDir({ prefix: "fleethold-credentials-" });
  said = [];
});

afterEach(() => Deno.remove(folder, { recursive: true }));

describe("what an operator puts into credentials/", () => {
  it("is taken as it is; an empty file is none", async () => {
    await put("ssh_key", "-----BEGIN\nkey\n-----END\n");
    await put("s3_access_key", "\n");
    expect(await read()).toEqual(new Map([["ssh_key", "-----BEGIN\nkey\n-----END\n"]]));
    expect(said).toEqual([]);
  });

  it("by a name that nobody uses is said, but for what ssh-keygen and git leave there", async () => {
    for (const name of [".gitignore", "ssh_key.pub", "smtp_pasword"]) await put(name, "something");
    expect((await read()).size).toBe(0);
    expect(said).toEqual(["credentials/smtp_pasword is not used; did you mean smtp_password?"]);
  });

  it("in its folder keys/ is for where the copies of the keys go", async () => {
    await Deno.mkdir(join(folder, "keys"));
    await put("keys/rest_user", "fleethold");
    await put("keys/alert_secret", "is of no use there");
    expect(await read()).toEqual(new Map([["keys/rest_user", "fleethold"]]));
    expect(said).toHaveLength(1);
  });

  it("has to be a file", async () => {
    await Deno.mkdir(join(folder, "known_hosts"));
    await expect(read()).rejects.toThrow("credentials/known_hosts cannot be read");
  });

  const webhook = { FLEETHOLD_ALERT_WEBHOOK: "https://hooks.example.org/fleethold" };

  it.each<[Record<string, string>, string | undefined, RegExp]>([
    [webhook, undefined, /FLEETHOLD_ALERT_WEBHOOK is set, and credentials\/alert_secret is not there/],
    [webhook, "short", /credentials\/alert_secret is too short/],
    [{}, "long enough to be one", /credentials\/alert_secret is there, and FLEETHOLD_ALERT_WEBHOOK is not/],
  ])("goes with its setting: %j with %j is refused", async (environment, secret, words) => {
    if (secret) await put("alert_secret", secret);
    const given = await read();
    expect(() => checkCredentials(given, readSettings(environment))).toThrow(Refusal);
    expect(() => checkCredentials(given, readSettings(environment))).toThrow(words);
  });

  it("goes with its setting, and both together are fine", async () => {
    await put("alert_secret", "long enough to be one\n");
    checkCredentials(await read(), readSettings(webhook));
  });
});
