import { z } from "zod";

/** What somebody outside is asked, such as an identity provider; see server/outbound. */
export interface OutsideRequest {
  /** `https://…`; `http://` only of a listed host on this machine itself. */
  url: string;
  method: "GET" | "POST";
  /** Only `accept`, `authorization` and `content-type` are passed on. */
  headers: Record<string, string>;
  /** Up to 64 KiB. */
  body?: string;
}

/** What was answered, whatever the status: a redirect is given back and not followed. */
export interface OutsideAnswer {
  status: number;
  /** Those of `answerHeaders`, in lower case. */
  headers: Record<string, string>;
  /** Up to 1 MiB, read as UTF-8. */
  body: string;
}

/** Asks somebody outside. @throws OutsideFault when there is no answer to give back */
export type Outside = (request: OutsideRequest) => Promise<OutsideAnswer>;

export const bodyLimit = 64 * 1024;
export const answerLimit = 1024 * 1024;
export const requestHeaders = ["accept", "authorization", "content-type"] as const;
export const answerHeaders = [
  "content-type",
  "date",
  "location",
  "retry-after",
  "cache-control",
  "www-authenticate",
] as const;

/** Why there is no answer, each with a sentence that ends in what to do. */
const sentences = {
  "not-a-url": () =>
    "This is not an address that can be asked: it must be a URL without user, password and #",
  "not-https": (host) => `${host} must be asked by https://`,
  "not-listed": (host) =>
    `${host} is not in FLEETHOLD_SSO_HOSTS: name it there, with its port unless that is 443`,
  "unknown-host": (host) => `No address is known for ${host}: check how it is spelt, and this network's DNS`,
  "inside-address": (host) =>
    `${host} has an address that is not on the internet: name the host in FLEETHOLD_SSO_HOSTS`,
  unreachable: (host) => `${host} cannot be reached: check that it runs, and the firewall between`,
  certificate: (host) =>
    `The certificate of ${host} is for another name, has ended, or is from an authority that is not trusted here: put a company's own authority into ca/`,
  "too-slow": (host) => `${host} did not answer within ten seconds: try again, or look at what holds it up`,
  "too-large": (host) => `${host} answered more than is read: check that this is the address meant`,
  gateway: () => "The service outbound, which asks on behalf of the API, did not answer: look at its log",
} satisfies Record<string, (host: string) => string>;
export type OutsideReason = keyof typeof sentences;
const reasons = Object.keys(sentences) as OutsideReason[];

/** Nobody outside answered, or was asked. */
export class OutsideFault extends Error {
  override name = "OutsideFault";
  /** @param host  who was to be asked, with the port as it stands in the URL; null where none could be read */
  constructor(readonly reason: OutsideReason, readonly host: string | null) {
    super(sentences[reason](host ?? "The host"));
  }
}

/** The words of the service `outbound`, which checks what it is sent, as its clients check what it answers. */
export const OutsideRequestSchema = z.strictObject({
  url: z.string().max(4096),
  method: z.enum(["GET", "POST"]),
  // Visible characters, spaces and tabs (RFC 9110, 5.5): nobody ends a header and begins another.
  headers: z.partialRecord(z.enum(requestHeaders), z.string().max(8192).regex(/^[\t\x20-\x7e]*$/)),
  body: z.string().max(bodyLimit).optional(),
});
const OutsideAnswerSchema = z.object({
  status: z.int().min(100).max(599),
  headers: z.partialRecord(z.enum(answerHeaders), z.string()),
  body: z.string().max(answerLimit),
});
const OutsideFaultSchema = z.object({ reason: z.enum(reasons), host: z.string().max(300).nullable() });

/** Longer than whoever is asked has, so that this says why there is no answer. */
const PATIENCE_MS = 20_000;
/** JSON writes one byte as six at most. */
const REPLY_LIMIT = 6 * answerLimit + 64 * 1024;

/** Asks through the service `outbound`, for whoever has no way out. */
export function outsideBy(gateway: { url: string; token: string }): Outside {
  return async ({ url, method, headers, body }) => {
    const host = URL.parse(url)?.host || null;
    const passed = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name]) => requestHeaders.some((one) => one === name));
    let status: number, reply: unknown;
    try {
      const response = await fetch(new URL("/fetch", gateway.url), {
        method: "POST",
        redirect: "error",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${gateway.token}` },
        body: JSON.stringify({ url, method, headers: Object.fromEntries(passed), body }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      status = response.status;
      reply = JSON.parse(await textUpTo(response, REPLY_LIMIT));
    } catch {
      throw new OutsideFault("gateway", host);
    }
    const answer = OutsideAnswerSchema.safeParse(reply);
    if (status === 200 && answer.success) return answer.data;
    const fault = OutsideFaultSchema.safeParse(reply);
    if (status === 502 && fault.success) throw new OutsideFault(fault.data.reason, fault.data.host);
    throw new OutsideFault("gateway", host);
  };
}

/** For programs that ask nobody outside. */
export const noOutside: Outside = ({ url }) =>
  Promise.reject(new OutsideFault("gateway", URL.parse(url)?.host || null));

/** @throws when there is more than `limit` bytes */
async function textUpTo(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "", size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limit) throw new RangeError("more than is read");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
