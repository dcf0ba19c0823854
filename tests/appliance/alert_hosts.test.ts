import { describe, expect, it } from "vitest";

const script = new URL("../../appliance/server/alert_hosts.sh", import.meta.url).pathname;

async function hosts(smtp: string, webhook: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: [script],
    env: { FLEETHOLD_SMTP: smtp, FLEETHOLD_ALERT_WEBHOOK: webhook },
  }).output();
  return new TextDecoder().decode(stdout);
}

describe("the hosts that the worker may send alerts to", () => {
  it.each([
    ["", "", ""],
    ["smtp.example.org:587", "", ",smtp.example.org:587"],
    ["192.168.1.5:25", "https://hooks.example.org/a/b?c=d:1", ",192.168.1.5:25,hooks.example.org:443"],
    ["", "https://hooks.lan:8443", ",hooks.lan:8443"],
    ["", "https://hooks.lan?token=a:b@c", ",hooks.lan:443"],
  ])("are those of %j and %j", async (smtp, webhook, wanted) => {
    expect(await hosts(smtp, webhook)).toBe(wanted);
  });

  it.each([
    ["a.example:1,b.example:2", ""],
    ["a.example:1\nb.example:2", ""],
    ["a.example:1 --allow-all", ""],
    ["'$(reboot)'", ""],
    ["*:25", ""],
    ["smtp.example.org", ""],
    ["", "https://user@a.example/"],
    ["", "https://a.example:1,b.example:2/"],
    ["", "http://a.example/"],
    ["", "file:///etc/passwd"],
    ["", "https:///nothing"],
  ])("are nobody's when something else stands in %j or %j", async (smtp, webhook) => {
    expect(await hosts(smtp, webhook)).toBe("");
  });
});
