/** One reason a field was refused: `path` as in the request's body, `recipient.phone`. */
export interface Fault {
  path: string;
  reason: string;
}

/** A refused or failed request: an RFC 9457 problem as our server words it, or a network fault as we do. */
export class ApiProblem extends Error {
  readonly slug: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** What the reader can do about it. */
  readonly next: string;
  readonly faults: Fault[];
  readonly requestId: string | null;
  /** Seconds to wait before trying again, when the server named them. */
  readonly retryAfter: number | null;

  constructor(problem: Partial<Omit<ApiProblem, "name" | "message">> & { title: string }) {
    super(problem.title);
    this.name = "ApiProblem";
    this.slug = problem.slug ?? "unknown";
    this.status = problem.status ?? 0;
    this.title = problem.title;
    this.detail = problem.detail ?? "";
    this.next = problem.next ?? "";
    this.faults = problem.faults ?? [];
    this.requestId = problem.requestId ?? null;
    this.retryAfter = problem.retryAfter ?? null;
  }
}

type QueryValue = string | number | boolean | readonly string[] | null | undefined;
export type Query = Record<string, QueryValue>;

export interface CallOptions {
  query?: Query;
  /** The version the edit starts from; sent as `If-Match: "<version>"`. */
  ifMatch?: number;
  /** For the pages that carry their own token: `Setup …`, `Invitation …`, `Tracking …`. */
  authorization?: string;
  /** Names the act, so that a repeat is recognised. Chosen for each call when left out. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const ATTEMPTS = 3;
/** A server that asks for a longer wait than this gets no silent retry: the reader is told instead. */
const PATIENCE_S = 5;

let signedOut: () => void = () => {};

/** Says what to do when the server answers that nobody is signed in; the router goes to the sign-in page. */
export function whenSignedOut(act: () => void): void {
  signedOut = act;
}

let askForProof: () => Promise<boolean> = () => Promise.resolve(false);
let proof: Promise<boolean> | null = null;

/**
 * Says how to ask who is there for a second factor, when the server wants one before it does what it was asked. Answers
 * whether it was given; the call then goes on as if nothing had been. Calls that need it at the same time ask once.
 */
export function whenProofNeeded(ask: () => Promise<boolean>): void {
  askForProof = ask;
}

const proveAnew = (): Promise<boolean> => proof ??= askForProof().finally(() => proof = null);

/**
 * The product's HTTP client. Every call rejects with an {@link ApiProblem}. Unsafe methods carry an Idempotency-Key
 * that stays the same over retries (network faults, and 503 with Retry-After), so that an act happens once.
 */
export const api = {
  get: <T>(path: string, options: CallOptions = {}) => call<T>("GET", path, undefined, options),
  post: <T>(path: string, body?: unknown, options: CallOptions = {}) => call<T>("POST", path, body, options),
  put: <T>(path: string, body?: unknown, options: CallOptions = {}) => call<T>("PUT", path, body, options),
  patch: <T>(path: string, body?: unknown, options: CallOptions = {}) =>
    call<T>("PATCH", path, body, options),
  delete: <T = void>(path: string, options: CallOptions = {}) => call<T>("DELETE", path, undefined, options),
  upload,
};

async function call<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
  const key = method === "GET" ? undefined : options.idempotencyKey ?? newKey();
  const request: RequestInit = {
    method,
    headers: headersOf(options, key, body instanceof Blob ? body.type : "application/json", method),
    body: body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body),
    signal: options.signal,
  };
  let asked = false;
  for (let attempt = 1;; attempt++) {
    const outcome = await tryOnce<T>(addressOf(path, options.query), request);
    if (!(outcome instanceof ApiProblem)) return outcome.value;
    if (outcome.slug === "fresh-proof-needed" && !asked) {
      asked = true;
      if (await proveAnew()) continue;
    }
    const wait = patience(outcome, attempt);
    if (wait === null) throw told(outcome);
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    options.signal?.throwIfAborted();
  }
}

async function tryOnce<T>(address: string, request: RequestInit): Promise<{ value: T } | ApiProblem> {
  let response: Response;
  try {
    response = await fetch(address, request);
  } catch (fault) {
    if (request.signal?.aborted) throw fault;
    return unreachable();
  }
  if (response.ok) {
    return { value: (response.status === 204 ? undefined : await response.json()) as T };
  }
  return problemOf(response.status, await response.text(), response.headers.get("Retry-After"));
}

/** Seconds to wait before the next attempt, or null to give up. */
function patience(problem: ApiProblem, attempt: number): number | null {
  if (attempt >= ATTEMPTS) return null;
  if (problem.status === 0) return attempt * 0.5;
  if (problem.status !== 503 || problem.retryAfter === null || problem.retryAfter > PATIENCE_S) return null;
  return problem.retryAfter;
}

function told(problem: ApiProblem): ApiProblem {
  if (problem.slug === "sign-in-needed") signedOut();
  return problem;
}

export interface UploadOptions extends CallOptions {
  method?: "POST" | "PUT";
  /** Share of the bytes sent so far, 0 to 1. */
  onProgress?: (share: number) => void;
}

/**
 * Sends raw bytes. XMLHttpRequest, because fetch cannot tell how much of a body has been sent. Retries network
 * faults with the same Idempotency-Key, like every other call.
 */
async function upload<T>(path: string, bytes: Blob, options: UploadOptions = {}): Promise<T> {
  const key = options.idempotencyKey ?? newKey();
  for (let attempt = 1;; attempt++) {
    const outcome = await uploadOnce<T>(path, bytes, options, key);
    if (!(outcome instanceof ApiProblem)) return outcome.value;
    const wait = patience(outcome, attempt);
    if (wait === null) throw told(outcome);
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

function uploadOnce<T>(path: string, bytes: Blob, options: UploadOptions, key: string) {
  return new Promise<{ value: T } | ApiProblem>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(options.method ?? "POST", addressOf(path, options.query));
    const headers = headersOf(options, key, bytes.type || "application/octet-stream", "POST");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => options.onProgress?.(total === 0 ? 1 : loaded / total);
    request.onload = () => {
      const { status, responseText } = request;
      if (status >= 200 && status < 300) {
        resolve({ value: (responseText === "" ? undefined : JSON.parse(responseText)) as T });
      } else resolve(problemOf(status, responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => resolve(unreachable());
    request.onabort = () => reject(new DOMException("The upload was stopped", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(bytes);
  });
}

/** A UUID; `crypto.randomUUID` exists in secure contexts only, and a LAN may start out on plain http. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function headersOf(options: CallOptions, key: string | undefined, type: string, method: string) {
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json" };
  if (method !== "GET") headers["Content-Type"] = type;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  if (options.ifMatch !== undefined) headers["If-Match"] = `"${options.ifMatch}"`;
  if (options.authorization !== undefined) headers.Authorization = options.authorization;
  return headers;
}

function addressOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) {
      if (value.length > 0) search.set(name, value.join(","));
    } else search.set(name, String(value));
  }
  return `/api${path}${search.size > 0 ? `?${search}` : ""}`;
}

function problemOf(status: number, text: string, retryAfter: string | null): ApiProblem {
  const seconds = retryAfter === null ? null : Number.parseInt(retryAfter, 10);
  const wait = seconds === null || Number.isNaN(seconds) ? null : seconds;
  try {
    return new ApiProblem({ ...JSON.parse(text), status, retryAfter: wait });
  } catch {
    // Not one of ours: a proxy's error page, or a page cut short.
    return new ApiProblem({ title: "server-unclear", slug: "server-unclear", status, retryAfter: wait });
  }
}

function unreachable(): ApiProblem {
  return new ApiProblem({ title: "unreachable", slug: "unreachable", status: 0 });
}
