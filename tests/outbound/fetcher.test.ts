import type { RequestListener } from "node:http";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchOutside, type OutsideRules } from "../../server/outbound/fetcher.ts";
import { answerLimit, bodyLimit, OutsideFault, type OutsideRequest } from "../../server/platform/outside.ts";
import { SsoHosts } from "../../server/platform/sso_hosts.ts";
import { Providers } from "./providers.ts";

const name = "sso.kestrel.example";

let providers: Providers;
/** The ports of a provider that answers what it was asked, and of one that is in some way bad. */
let good: number;
/** Every path that a provider was asked for. */
const askedFor: string[] = [];

beforeAll(async () => {
  providers = await Providers.open();
  good = await providers.answer([name, "127.0.0.1", "localhost"], answerWhatWasAsked);
});
afterAll(() => providers.close());

const answerWhatWasAsked: RequestListener = (request, response) => {
  askedFor.push(request.url!);
  const chunks: Uint8Array[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    const { servername } = request.socket as TLSSocket;
    response.setHeader("Content-Type", "application/json");
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    response.end(
      JSON.stringify({ method, url, headers, servername, body: Buffer.concat(chunks).toString() }),
    );
  });
};

/** Rules by which `name` is listed at this port and leads to this machine. */
const rules = (port: number, more: Partial<OutsideRules> = {}): OutsideRules => ({
  hosts: [{ host: name, port }],
  resolve: () => Promise.resolve(["127.0.0.1"]),
  authorities: [providers.pem],
  ...more,
});

const ask = (url: string, rules: OutsideRules, more: Partial<OutsideRequest> = {}) =>
  fetchOutside({ url, method: "GET", headers: {}, ...more }, rules);

/** Why there is no answer. */
async function refused(...asked: Parameters<typeof ask>): Promise<string> {
  try {
    const { status } = await ask(...asked);
    return `answered ${status}`;
  } catch (error) {
    expect(error).toBeInstanceOf(OutsideFault);
    return (error as OutsideFault).reason;
  }
}

describe("a listed provider", () => {
  it("is asked by its name at the address that was checked, and its answer comes back", async () => {
    const { status, headers, body } = await ask(`https://${name}:${good}/token?code=1`, rules(good), {
      method: "POST",
      headers: { authorization: "Basic abc", "content-type": "application/json", cookie: "c=1" },
      body: "grüß",
    });
    expect(status).toBe(200);
    expect(Object.keys(headers).toSorted()).toEqual(["content-type", "date"]);
    expect(JSON.parse(body)).toEqual({
      method: "POST",
      url: "/token?code=1",
      servername: name,
      body: "grüß",
      headers: {
        "accept-encoding": "identity",
        authorization: "Basic abc",
        connection: "close",
        "content-length": "6",
        "content-type": "application/json",
        host: `${name}:${good}`,
        "user-agent": "Fleethold",
      },
    });
  });

  it("is reached at its second address when the first one does not answer", async () => {
    const { status } = await ask(
      `https://${name}:${good}/`,
      rules(good, { resolve: () => Promise.resolve(["127.0.0.9", "127.0.0.1"]) }),
    );
    expect(status).toBe(200);
  });

  it("sends somebody elsewhere, which is told and not followed", async () => {
    const port = await providers.answer([name], (request, response) => {
      askedFor.push(request.url!);
      response.writeHead(302, { Location: `https://${name}:${port}/elsewhere` }).end("there");
    });
    const answer = await ask(`https://${name}:${port}/here`, rules(port));
    expect(answer).toMatchObject({
      status: 302,
      headers: { location: `https://${name}:${port}/elsewhere` },
      body: "there",
    });
    expect(askedFor).toContain("/here");
    expect(askedFor).not.toContain("/elsewhere");
  });

  it("is refused when its certificate is another's, has ended, or is from nobody we trust", async () => {
    const other = await providers.answer(["other.kestrel.example"], answerWhatWasAsked);
    const ended = await providers.answer([name], answerWhatWasAsked, { lifetimeS: -60 });
    const asked = askedFor.length;
    expect(await refused(`https://${name}:${other}/`, rules(other))).toBe("certificate");
    expect(await refused(`https://${name}:${ended}/`, rules(ended))).toBe("certificate");
    expect(await refused(`https://${name}:${good}/`, rules(good, { authorities: [] }))).toBe("certificate");
    expect(askedFor).toHaveLength(asked);
  });

  it("is not talked to when it knows no TLS, or nobody is there", async () => {
    const plain = await providers.answerPlain(answerWhatWasAsked);
    const asked = askedFor.length;
    expect(await refused(`https://${name}:${plain}/`, rules(plain))).toBe("unreachable");
    expect(await refused(`https://${name}:1/`, rules(1))).toBe("unreachable");
    expect(askedFor).toHaveLength(asked);
  });

  it("is asked at its address when that is how it is named, IPv6 too", async () => {
    const { status } = await ask(
      `https://127.0.0.1:${good}/`,
      rules(good, { hosts: [{ host: "127.0.0.1", port: good }] }),
    );
    expect(status).toBe(200);
    const port = await providers.answer(["[::1]"], answerWhatWasAsked, { address: "::1" });
    const answer = await ask(`https://[::1]:${port}/`, rules(port, { hosts: [{ host: "[::1]", port }] }));
    expect(JSON.parse(answer.body).headers.host).toBe(`[::1]:${port}`);
  });
});

describe("whoever answers badly", () => {
  const slow = { patienceMs: 400 };

  it.each<[string, RequestListener, string]>([
    ["says nothing", () => {}, "too-slow"],
    ["stops amid the answer", (_, response) => void response.write("a"), "too-slow"],
    ["drips", (_, response) => {
      const drip = setInterval(() => response.write("a"), 50);
      response.on("close", () => clearInterval(drip));
    }, "too-slow"],
    ["breaks off", (request, response) => {
      response.writeHead(200, { "Content-Length": "10" });
      response.write("a", () => request.socket.destroy());
    }, "unreachable"],
    [
      "sends a byte too much",
      (_, response) => void response.end(new Uint8Array(answerLimit + 1)),
      "too-large",
    ],
    ["sends two megabytes", (_, response) => void response.end(new Uint8Array(2 * answerLimit)), "too-large"],
    ["sends headers without an end", (_, response) => {
      response.writeHead(200, { "X-Much": "a".repeat(200_000) }).end();
    }, "too-large"],
  ])("%s and is given up", async (_, act, reason) => {
    const port = await providers.answer([name], act);
    expect(await refused(`https://${name}:${port}/`, rules(port, slow))).toBe(reason);
  });

  it("sends without an end and is cut off while it sends", async () => {
    let sent = 0, isOver: () => void;
    const over = new Promise<void>((resolve) => isOver = resolve);
    const port = await providers.answer([name], (_, response) => {
      const chunk = new Uint8Array(64 * 1024);
      const send = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on("drain", send);
      response.on("close", isOver);
      send();
    });
    expect(await refused(`https://${name}:${port}/`, rules(port))).toBe("too-large");
    await over;
    // What lies in buffers on both sides comes on top.
    expect(sent).toBeLessThan(16 * answerLimit);
  });

  it("is given up amid the handshake, too", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const silent = listener.accept();
    const { port } = listener.addr as Deno.NetAddr;
    expect(await refused(`https://${name}:${port}/`, rules(port, slow))).toBe("too-slow");
    (await silent).close();
    listener.close();
  });

  it("may send just what is read", async () => {
    const port = await providers.answer([name], (_, response) => void response.end("a".repeat(answerLimit)));
    expect((await ask(`https://${name}:${port}/`, rules(port))).body).toHaveLength(answerLimit);
  });

  it("is answered as it is when it compresses all the same: nothing is unfolded", async () => {
    const packed = new Uint8Array(
      await new Response(
        new Blob([new Uint8Array(answerLimit * 20)]).stream().pipeThrough(new CompressionStream("gzip")),
      ).arrayBuffer(),
    );
    const port = await providers.answer([name], (_, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(packed);
    });
    expect((await ask(`https://${name}:${port}/`, rules(port))).body.length).toBeLessThanOrEqual(
      packed.length,
    );
  });
});

describe("without a list", () => {
  const leadingTo = (...addresses: string[]): OutsideRules => ({
    hosts: null,
    resolve: () => Promise.resolve(addresses),
    authorities: [providers.pem],
    patienceMs: 300,
  });

  it.each([
    [["127.0.0.1"]],
    [["10.0.0.5"]],
    [["169.254.169.254"]],
    [["::1"]],
    [["fd00::5"]],
    [["::ffff:127.0.0.1"]],
    [["::ffff:a9fe:a9fe"]],
    [["0.0.0.0"]],
    [["93.184.215.14", "127.0.0.1"]],
    [["2606:4700::1", "10.0.0.5"]],
  ])("nobody is asked whose name leads to %j", async (addresses) => {
    expect(await refused(`https://${name}:${good}/`, leadingTo(...addresses))).toBe("inside-address");
  });

  it.each([
    "127.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.1",
    "１２７.0.0.1",
    "0",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "10.0.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
  ])("nobody is asked who is written as %s", async (host) => {
    expect(await refused(`https://${host}:${good}/`, { hosts: null })).toBe("inside-address");
  });

  it("nobody is asked whose name leads nowhere", async () => {
    expect(await refused(`https://${name}/`, leadingTo())).toBe("unknown-host");
    const fails = { ...leadingTo(), resolve: () => Promise.reject(new Error("SERVFAIL")) };
    expect(await refused(`https://${name}/`, fails)).toBe("unknown-host");
    expect(await refused("https://nobody.invalid/", { hosts: null })).toBe("unknown-host");
  });

  it("a resolver that does not answer is given up", async () => {
    const silent = { ...leadingTo(), resolve: () => new Promise<string[]>(() => {}) };
    expect(await refused(`https://${name}/`, silent)).toBe("too-slow");
  });
});

it("a name that leads elsewhere when it is asked for again leads nobody there", async () => {
  const answers = [["127.0.0.1"], ["127.0.0.9"]];
  let resolutions = 0;
  const resolve = () => Promise.resolve(answers[resolutions++] ?? []);
  const asked = askedFor.length;
  expect((await ask(`https://${name}:${good}/`, rules(good, { resolve }))).status).toBe(200);
  expect(resolutions).toBe(1);
  expect(askedFor).toHaveLength(asked + 1);
});

describe("with a list", () => {
  const listed = (list: string): OutsideRules => ({
    hosts: SsoHosts.parse(list),
    resolve: () => Promise.resolve(["127.0.0.1"]),
    authorities: [providers.pem],
    patienceMs: 2_000,
  });

  it("only hosts on it are asked, at their ports", async () => {
    const whole = `https://${name}:${good}/`;
    expect(await refused(whole, listed(`${name}:${good}`))).toBe("answered 200");
    expect(await refused(whole, listed(`other.example, ${name.toUpperCase()}:${good}`))).toBe("answered 200");
    expect(await refused(whole, listed(name))).toBe("not-listed");
    expect(await refused(whole, listed(`${name}:${good + 1}`))).toBe("not-listed");
    expect(await refused(whole, listed(`kestrel.example:${good}`))).toBe("not-listed");
    expect(await refused(`https://sub.${name}:${good}/`, listed(`${name}:${good}`))).toBe("not-listed");
    expect(await refused(`https://${name}.evil.example:${good}/`, listed(`${name}:${good}`))).toBe(
      "not-listed",
    );
    expect(await refused("https://93.184.215.14/", listed(name))).toBe("not-listed");
    expect(await refused(whole, { ...listed(name), hosts: [] })).toBe("not-listed");
  });

  it.each(["169.254.169.254", "0.0.0.0", "fe80::1", "224.0.0.1", "::ffff:169.254.169.254"])(
    "a host on it is not asked at %s",
    async (address) => {
      const resolve = () => Promise.resolve([address]);
      expect(await refused(`https://${name}/`, { ...listed(name), resolve })).toBe("inside-address");
    },
  );

  it("a host on it is asked without TLS on this machine only", async () => {
    const plain = await providers.answerPlain(answerWhatWasAsked);
    const here = listed(`localhost:${plain}, 127.0.0.1:${plain}, ${name}:${plain}, 10.0.0.5:${plain}`);
    expect(await refused(`http://localhost:${plain}/`, here)).toBe("answered 200");
    expect(await refused(`http://127.0.0.1:${plain}/`, here)).toBe("answered 200");
    expect(await refused(`http://${name}:${plain}/`, here)).toBe("not-https");
    expect(await refused(`http://10.0.0.5:${plain}/`, here)).toBe("not-https");
    const elsewhere = { ...here, resolve: () => Promise.resolve(["10.0.0.5"]) };
    expect(await refused(`http://localhost:${plain}/`, elsewhere)).toBe("not-https");
    expect(await refused(`http://127.0.0.1:${plain}/`, { ...here, hosts: null })).toBe("not-https");
    expect(await refused(`http://127.0.0.1:${plain}/`, listed(name))).toBe("not-https");
  });
});

describe("a URL", () => {
  it.each([
    ["nonsense", "not-a-url"],
    ["", "not-a-url"],
    ["https://", "not-a-url"],
    [`https://user@${name}/`, "not-a-url"],
    [`https://:secret@${name}/`, "not-a-url"],
    [`https://${name}@127.0.0.1/`, "not-a-url"],
    [`https://${name}/#`, "not-a-url"],
    [`https://${name}/#a`, "not-a-url"],
    ["file:///etc/passwd", "not-a-url"],
    ["data:text/plain,a", "not-a-url"],
    ["ftp://kestrel.example/", "not-https"],
    ["http://kestrel.example/", "not-https"],
  ])("%j is refused", async (url, reason) => {
    expect(await refused(url, { hosts: null })).toBe(reason);
  });
});

it("a body that is too large is not sent", async () => {
  const url = `https://${name}:${good}/much`;
  const most = { method: "POST", body: "a".repeat(bodyLimit) } as const;
  expect(await refused(url, rules(good), most)).toBe("answered 200");
  expect(await refused(url, rules(good), { ...most, body: `${most.body}a` })).toBe("too-large");
  // Bytes count, not characters.
  expect(await refused(url, rules(good), { ...most, body: "ä".repeat(bodyLimit - 1) })).toBe("too-large");
});

describe("the list of hosts", () => {
  it("is read as hosts stand in URLs", () => {
    expect(SsoHosts.parse("sso.example.org, Keycloak.LAN:8443,[FD00::5]:9000, bücher.example,")).toEqual([
      { host: "sso.example.org", port: 443 },
      { host: "keycloak.lan", port: 8443 },
      { host: "[fd00::5]", port: 9000 },
      { host: "xn--bcher-kva.example", port: 443 },
    ]);
  });

  it.each([
    "https://sso.example.org",
    "sso.example.org/path",
    "a b",
    "user@host",
    "host:99999",
    "*",
    "*.example.org",
    "",
    ",",
  ])(
    "does not take %j",
    (text) => {
      expect(SsoHosts.safeParse(text).success).toBe(false);
    },
  );
});
