import { X509Certificate } from "node:crypto";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { Authority } from "../../appliance/authority.ts";
import { Appliance } from "../../scripts/bench/appliance.ts";
import { eventually } from "../harness/launcher.ts";
import { plain } from "./plain_http.ts";

const appliance = new Appliance(inject("appliance"));
const folders = inject("folders");
const { httpsPort, httpPort } = inject("appliance");
let root: string;

beforeAll(async () => {
  root = await appliance.root();
});

/** A connection as a browser opens one, kept until it is closed; trusts the built-in authority, and others on demand. */
async function open(ca: string[] = [root], name = "localhost"): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port: httpsPort,
      servername: name,
      ca,
      ALPNProtocols: ["http/1.1"],
    });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends text and answers what came back until the connection ends or the answer is complete. */
async function say(socket: TLSSocket, words: string): Promise<string> {
  return await new Promise((resolve) => {
    let heard = new Uint8Array();
    const text = () => new TextDecoder().decode(heard);
    const listen = (chunk: Uint8Array) => {
      heard = new Uint8Array([...heard, ...chunk]);
      const [head] = text().split("\r\n\r\n");
      const length = Number(head?.match(/content-length: (\d+)/i)?.[1] ?? NaN);
      if (heard.length >= head!.length + 4 + length) done();
    };
    const done = () => {
      socket.off("data", listen);
      socket.off("close", done);
      resolve(text());
    };
    socket.on("data", listen);
    socket.once("close", done);
    socket.write(words);
  });
}

const request = "GET /api/setup HTTP/1.1\r\nHost: localhost\r\n\r\n";
const serialOf = (socket: TLSSocket) => (socket.getPeerCertificate() as PeerCertificate).serialNumber;

/** The serial number of the certificate that new connections get. */
async function served(ca: string[] = [root]): Promise<string> {
  const socket = await open(ca);
  const serial = serialOf(socket);
  socket.destroy();
  return serial;
}

describe("a browser", () => {
  it("that trusts the built-in authority gets in, and one that does not is warned", async () => {
    expect((await appliance.fetch("/")).status).toBe(200);
    await expect(fetch(appliance.url)).rejects.toThrow();
  });

  it("downloads the authority's certificate from a plain page, over HTTP too", async () => {
    const page = await fetch(`http://localhost:${httpPort}/ca`);
    expect(page.headers.get("content-type")).toMatch(/text\/html/);
    const text = await page.text();
    expect(text).toContain("/ca/fleethold-ca.crt");
    expect(text).toContain(new X509Certificate(root).fingerprint256);
    expect(new X509Certificate(root).ca).toBe(true);
    const profile = await fetch(`http://localhost:${httpPort}/ca/fleethold-ca.mobileconfig`);
    expect(profile.headers.get("content-type")).toBe("application/x-apple-aspen-config");
    expect(await profile.text()).toContain(new X509Certificate(root).raw.toString("base64"));
    const printed = await appliance.compose("logs", "init");
    expect(printed).toContain(new X509Certificate(root).fingerprint256);
  });

  it("that comes without TLS is sent to where there is, with the path it wanted", async () => {
    const answer = await fetch(`http://localhost:${httpPort}/orders?day=2026-11-26`, { redirect: "manual" });
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toBe(`${appliance.url}/orders?day=2026-11-26`);
  });

  it("that comes by another of its names is sent to the first", async () => {
    const answer = await fetch(`https://127.0.0.1:${httpsPort}/orders`, {
      redirect: "manual",
      client: await appliance.client(),
    });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, `${appliance.url}/orders`]);
  });

  it.each(["http", "https"])("that comes by a name nobody set over %s is told what to do", async (scheme) => {
    const socket = scheme === "https" ? await open() : undefined;
    const text = socket
      ? await say(socket, "GET / HTTP/1.1\r\nHost: somewhere.else\r\n\r\n")
      : await plain(httpPort, "GET / HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n\r\n");
    socket?.destroy();
    expect(text).toMatch(/^HTTP\/1\.1 421/);
    expect(text).toContain("FLEETHOLD_HOST");
    expect(text).not.toContain(await appliance.setupToken());
  });

  it("on a name of the LAN is never forced to TLS for ever", async () => {
    expect((await appliance.fetch("/")).headers.get("strict-transport-security")).toBeNull();
  });
});

describe("the proxy", () => {
  it("speaks TLS 1.3 and 1.2, and nothing older", async () => {
    expect(await openssl("TLSv1.3")).toBe(true);
    expect(await openssl("TLSv1.2")).toBe(true);
    expect(await openssl("TLSv1.1")).toBe(false);
  });

  it("cuts off a client that sends its headers slowly, and serves others meanwhile", async () => {
    const slow = await open();
    const ended = say(slow, "GET /api/setup HTTP/1.1\r\nHost: localhost\r\n");
    const drip = setInterval(() => slow.writable && slow.write("X-Slow: 1\r\n"), 1_000);
    try {
      for (let asked = 0; asked < 20; asked++) expect((await appliance.fetch("/api/setup")).status).toBe(200);
      expect(await ended).toMatch(/^HTTP\/1\.[01] 408/);
    } finally {
      clearInterval(drip);
      slow.destroy();
    }
  });

  it("cuts off a client that sends its body slowly, and serves others meanwhile", async () => {
    const slow = await open();
    const ended = say(
      slow,
      "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    );
    const drip = setInterval(() => slow.writable && slow.write(" "), 1_000);
    try {
      for (let asked = 0; asked < 20; asked++) expect((await appliance.fetch("/api/setup")).status).toBe(200);
      expect(await ended).toMatch(/^HTTP\/1\.[01] 408/);
    } finally {
      clearInterval(drip);
      slow.destroy();
    }
  });

  it("takes from nobody the address they claim to come from", async () => {
    const { cookie } = inject("owner");
    const forged = { cookie, "x-forwarded-for": "203.0.113.9", "fleethold-proxy": "a guess" };
    expect((await appliance.fetch("/api/session", { headers: forged })).status).toBe(200);
    expect((await appliance.fetch("/api/setup", { headers: { "fleethold-proxy": "a guess" } })).status).toBe(
      200,
    );
  });

  it("answers for each instance's figures by its name", async () => {
    for (const path of ["/metrics/api-a", "/metrics/api-b"]) {
      expect(await (await appliance.fetch(path)).text()).toContain("fleethold_http_request_seconds");
    }
    expect((await appliance.fetch("/metrics")).status).toBe(404);
  });
});

describe("the company's own certificate", () => {
  let company: Authority, companyRoot: string;
  beforeAll(async () => {
    const issued = await Authority.create("company");
    [company, companyRoot] = [await Authority.open(issued), issued.chain];
  });
  afterEach(async () => {
    for (const file of ["cert.pem", "key.pem"]) await Deno.remove(`${folders.tls}/${file}`).catch(() => {});
    await eventually(async () => await served([root, companyRoot]).then(isBuiltIn));
  });

  const isBuiltIn = async () => {
    const socket = await open([root, companyRoot]);
    const { issuer } = socket.getPeerCertificate();
    socket.destroy();
    return String(issuer.CN).startsWith("Fleethold localhost");
  };

  it("is taken from the folder tls/ by itself, and no connection ends for it", async () => {
    const kept = await open();
    const first = serialOf(kept);
    expect(await say(kept, request)).toMatch(/^HTTP\/1\.1 200/);

    const { chain, key } = await company.issue(["localhost"], 86_400);
    await Deno.writeTextFile(`${folders.tls}/cert.pem`, chain, { mode: 0o644 });
    await Deno.writeTextFile(`${folders.tls}/key.pem`, key, { mode: 0o644 });
    const ours = new X509Certificate(chain).serialNumber;
    // An idle connection ends by itself after a while, so this one is kept busy.
    await eventually(async () => {
      expect(await say(kept, request)).toMatch(/^HTTP\/1\.1 200/);
      return await served([root, companyRoot]) === ours;
    });
    expect(await say(kept, request)).toMatch(/^HTTP\/1\.1 200/);
    expect(serialOf(kept)).toBe(first);
    kept.destroy();
    // And the page says that nothing has to be installed.
    await eventually(async () => {
      const page = await fetch(`http://localhost:${httpPort}/ca`);
      return !(await page.text()).includes("fleethold-ca.crt");
    });
  });

  it("that cannot be used is refused with the reason, and the built-in one stays", async () => {
    const [one, another] = [
      await company.issue(["localhost"], 86_400),
      await company.issue(["localhost"], 86_400),
    ];
    await Deno.writeTextFile(`${folders.tls}/cert.pem`, one.chain, { mode: 0o644 });
    await Deno.writeTextFile(`${folders.tls}/key.pem`, another.key, { mode: 0o644 });
    await eventually(async () =>
      (await appliance.compose("logs", "certs")).includes("the key does not belong to the certificate")
    );
    expect(await isBuiltIn()).toBe(true);
  });

  it("is trusted by every service once its authority is in the folder ca/", async () => {
    await Deno.writeTextFile(`${folders.ca}/company.crt`, companyRoot);
    const [, body] = companyRoot.split("\n");
    await eventually(async () =>
      (await appliance.exec("api-a", "cat", "/run/fleethold/trust.pem")).includes(body!)
    );
    // A file that is none is left out and named, and takes nobody's trust away.
    await Deno.writeTextFile(`${folders.ca}/notes.pem`, "call Mara about the certificate");
    await eventually(async () =>
      (await appliance.compose("logs", "certs")).includes("ca/notes.pem holds no")
    );
    expect(await appliance.exec("api-a", "cat", "/run/fleethold/trust.pem")).toContain(body!);
    for (const file of ["company.crt", "notes.pem"]) await Deno.remove(`${folders.ca}/${file}`);
  });
});

describe("renewal", () => {
  const certificateOf = async (service: string) => {
    // From the hand that gives it: the service itself may just be starting with it.
    const pem = await appliance.exec("certs", "cat", `/handover/${service}/tls.pem`);
    return new X509Certificate(pem.slice(0, pem.indexOf("-----END CERTIFICATE-----") + 25));
  };
  const all = ["proxy", "db", "keys", "api-a", "api-b"];

  afterAll(async () => {
    await appliance.compose("up", "--wait", "--no-deps", "certs");
  });

  it("goes through every service by itself: nobody is cut off, and no request fails", async () => {
    const before = await Promise.all(all.map(certificateOf));
    const kept = await open();
    const database = await appliance.exec(
      "db",
      "psql",
      "-qAt",
      "-d",
      "postgres",
      "-c",
      "select pg_postmaster_start_time()",
    );

    // Certificates that live for a quarter of an hour from now on: those there are hold too long, and are replaced.
    const short = new Appliance({
      ...appliance.facts,
      settings: { ...appliance.facts.settings, FLEETHOLD_CERTIFICATE_LIFETIME: "15m" },
    });
    let isAsking = true;
    const failed: string[] = [];
    const asking = (async () => {
      while (isAsking) {
        const answer = await appliance.fetch("/api/setup");
        await answer.body?.cancel();
        const [onKept] = (await say(kept, request)).split("\r\n");
        for (const line of [`HTTP/1.1 ${answer.status} OK`, onKept!]) {
          if (line !== "HTTP/1.1 200 OK") failed.push(line);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    await short.compose("up", "--wait", "--no-deps", "--detach", "certs");
    await eventually(async () => {
      const now = await Promise.all(all.map(certificateOf));
      return now.every(({ serialNumber }, index) => serialNumber !== before[index]!.serialNumber);
    }, 3);

    const shown = (await certificateOf("proxy")).serialNumber;
    await eventually(async () => await served() === shown);
    // An instance that is just starting with its new certificate answers nothing for a moment.
    const serial = (service: string, port: number) =>
      appliance.exec(
        "db",
        "sh",
        "-c",
        `openssl s_client -connect ${service}:${port} ${
          service === "db" ? "-starttls postgres" : ""
        } < /dev/null 2> /dev/null | openssl x509 -noout -serial || true`,
      );
    for (const [service, port] of [["db", 5432], ["api-a", 8443], ["api-b", 8443]] as const) {
      const wanted = (await certificateOf(service)).serialNumber;
      await eventually(async () => (await serial(service, port)).includes(wanted), 2);
    }
    isAsking = false;
    await asking;
    expect(failed).toEqual([]);
    kept.destroy();
    // The cluster took it over without starting again.
    expect(
      await appliance.exec("db", "psql", "-qAt", "-d", "postgres", "-c", "select pg_postmaster_start_time()"),
    ).toBe(database);
  }, 300_000);
});

/** Whether a handshake with this version of the protocol and no other is accepted. */
async function openssl(version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<boolean> {
  const flag = { "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3" }[version];
  // Security level 0, or OpenSSL itself would refuse what is old before anybody is asked.
  const command =
    `echo | openssl s_client -connect localhost:${httpsPort} ${flag} -cipher ALL:@SECLEVEL=0 2>&1`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  return /^New, TLSv1/m.test(new TextDecoder().decode(stdout));
}
