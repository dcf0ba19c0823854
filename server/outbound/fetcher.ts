import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as askByHttp } from "node:http";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import {
  answerHeaders,
  answerLimit,
  bodyLimit,
  type OutsideAnswer,
  OutsideFault,
  type OutsideReason,
  type OutsideRequest,
  requestHeaders,
} from "../platform/outside.ts";
import type { ListedHost } from "../platform/sso_hosts.ts";
import { type Reach, reachOf } from "./address.ts";

/** Who may be asked, and how names and certificates are checked. */
export interface OutsideRules {
  /** Only these, which may have private addresses; null: whoever has public ones. */
  hosts: ListedHost[] | null;
  /** All addresses of a name; the system's resolver, with /etc/hosts, without. */
  resolve?: (name: string) => Promise<string[]>;
  /** Certificate authorities, PEM, that are trusted besides those of Deno and of `DENO_CERT`. */
  authorities?: string[];
  /** For a whole request. */
  patienceMs?: number;
}

const PATIENCE_MS = 10_000;
/** For one of several addresses, of which some may lead nowhere, as IPv6 does in many a network. */
const ATTEMPT_MS = 3_000;

/**
 * Asks somebody outside, with a fence around what is inside (ASVS 5.0 V1.3.6, V13.2.4, V13.2.5). The name is resolved
 * once, every address of it is checked, and what is connected to is one of those addresses: a name that leads elsewhere
 * a moment later leads nobody there. The certificate is checked against the name. Redirects are not followed.
 *
 * @throws OutsideFault
 */
export async function fetchOutside(request: OutsideRequest, rules: OutsideRules): Promise<OutsideAnswer> {
  const { url, isListed } = targetOf(request.url, rules.hosts);
  const { host } = url;
  const body = new TextEncoder().encode(request.method === "POST" ? request.body : "");
  if (body.length > bodyLimit) throw new OutsideFault("too-large", host);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), rules.patienceMs ?? PATIENCE_MS);
  try {
    const addresses = await within(late.signal, checkedAddresses(url, isListed, rules.resolve ?? resolve));
    const connection = await connect(addresses, url, rules.authorities ?? [], late.signal);
    return await exchange(connection, url, request, body, late.signal);
  } catch (error) {
    if (error instanceof OutsideFault) throw error;
    throw new OutsideFault(late.signal.aborted ? "too-slow" : reasonOf(error), host);
  } finally {
    clearTimeout(timer);
  }
}

/** Who is meant, and whether the operator named them. @throws OutsideFault not-a-url, not-https, not-listed */
function targetOf(text: string, hosts: ListedHost[] | null): { url: URL; isListed: boolean } {
  const url = URL.parse(text);
  if (!url?.hostname || url.username || url.password || text.includes("#")) {
    throw new OutsideFault("not-a-url", url?.host || null);
  }
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const isListed =
    hosts?.some((one) => one.host === url.hostname && (one.port === null || one.port === port)) ?? false;
  // What is said to a provider on this machine itself passes nobody who could listen.
  const isWithin = url.protocol === "http:" && isListed && isThisMachine(url.hostname);
  if (url.protocol !== "https:" && !isWithin) throw new OutsideFault("not-https", url.host);
  if (hosts && !isListed) throw new OutsideFault("not-listed", url.host);
  return { url, isListed };
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "");
const isThisMachine = (hostname: string): boolean =>
  hostname === "localhost" || reachOf(bare(hostname)) === "loopback";

/** The addresses of a host, all of which may be asked. @throws OutsideFault unknown-host, inside-address, not-https */
async function checkedAddresses(
  { hostname, host, protocol }: URL,
  isListed: boolean,
  resolve: (name: string) => Promise<string[]>,
): Promise<string[]> {
  const name = bare(hostname);
  const addresses = isIP(name) ? [name] : await resolve(name).catch(() => []);
  if (addresses.length === 0) throw new OutsideFault("unknown-host", host);
  const allowed: Reach[] = isListed ? ["public", "private", "loopback"] : ["public"];
  const reaches = addresses.map(reachOf);
  if (reaches.some((reach) => !allowed.includes(reach))) throw new OutsideFault("inside-address", host);
  if (protocol === "http:" && reaches.some((reach) => reach !== "loopback")) {
    throw new OutsideFault("not-https", host);
  }
  return addresses;
}

async function resolve(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Connects to the first address that answers, and checks the certificate against the name. */
async function connect(
  addresses: string[],
  { protocol, hostname, port }: URL,
  authorities: string[],
  late: AbortSignal,
): Promise<Deno.Conn> {
  const tcp = await connectToFirst(addresses, Number(port || (protocol === "https:" ? 443 : 80)), late);
  if (protocol === "http:") return tcp;
  // Trusts what `fetch` trusts; node:https knows nothing of DENO_CERT, and so of a company's own authority.
  const connection = await Deno.startTls(tcp, {
    hostname: bare(hostname),
    caCerts: authorities,
    alpnProtocols: ["http/1.1"],
  });
  try {
    await within(late, connection.handshake());
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function connectToFirst(addresses: string[], port: number, late: AbortSignal): Promise<Deno.TcpConn> {
  let failure: unknown;
  for (const hostname of addresses) {
    try {
      return await Deno.connect({
        hostname,
        port,
        signal: AbortSignal.any([late, AbortSignal.timeout(ATTEMPT_MS)]),
      });
    } catch (error) {
      failure = error;
    }
    late.throwIfAborted();
  }
  throw failure;
}

/** Sends the request over a connection that is its own, and reads the answer. */
async function exchange(
  connection: Deno.Conn,
  url: URL,
  { method, headers }: OutsideRequest,
  body: Uint8Array,
  late: AbortSignal,
): Promise<OutsideAnswer> {
  const wire = wireOver(connection);
  const passed = requestHeaders.flatMap((name) => headers[name] === undefined ? [] : [[name, headers[name]]]);
  const answered = Promise.withResolvers<IncomingMessage>();
  try {
    const asking = askByHttp({
      createConnection: () => wire,
      method,
      path: url.pathname + url.search,
      headers: {
        ...Object.fromEntries(passed),
        "accept-encoding": "identity", // so that nothing small unfolds into something large
        connection: "close",
        host: url.host,
        "user-agent": "Fleethold",
        ...(method === "POST" && { "content-length": body.length }),
      },
    }, answered.resolve);
    asking.on("error", answered.reject);
    asking.end(body);
    const answer = await within(late, answered.promise);
    return {
      status: answer.statusCode!,
      headers: Object.fromEntries(
        answerHeaders.flatMap((name) =>
          answer.headers[name] === undefined ? [] : [[name, `${answer.headers[name]}`]]
        ),
      ),
      body: await within(late, textOf(answer, url.host)),
    };
  } finally {
    wire.destroy();
  }
}

/** A connection as Node.js' HTTP client takes one. It is closed with it. */
function wireOver(connection: Deno.Conn): Duplex {
  const wire = new Duplex({
    read: () =>
      void connection.read(room).then(
        (length) => wire.push(length === null ? null : room.slice(0, length)),
        (error) => wire.destroy(error),
      ),
    write: (chunk: Uint8Array, _, done) => void writeAll(connection, chunk).then(() => done(), done),
    destroy: (error, done) => {
      connection.close();
      done(error);
    },
  });
  const room = new Uint8Array(16 * 1024);
  // Whoever asks is told by the client; a failure after the answer is nobody's.
  wire.on("error", () => {});
  return wire;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** @throws OutsideFault too-large, as soon as it is */
async function textOf(answer: IncomingMessage, host: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "", size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > answerLimit) throw new OutsideFault("too-large", host);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What `act` gives, unless it is late; what it gives or throws afterwards is nobody's. */
function within<T>(late: AbortSignal, act: Promise<T>): Promise<T> {
  const end = Promise.withResolvers<never>();
  const abort = () => end.reject(late.reason);
  late.addEventListener("abort", abort);
  if (late.aborted) abort();
  return Promise.race([act, end.promise]).finally(() => late.removeEventListener("abort", abort));
}

function reasonOf(error: unknown): OutsideReason {
  // Deno has one class for all that is wrong in TLS, and says in words alone that it is the certificate.
  const isCertificate = error instanceof Deno.errors.InvalidData &&
    error.message.startsWith("invalid peer certificate");
  if (isCertificate) return "certificate";
  const code = (error as { code?: unknown }).code;
  return code === "HPE_HEADER_OVERFLOW" ? "too-large" : "unreachable";
}
