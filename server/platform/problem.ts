import type { ContentfulStatusCode } from "hono/utils/http-status";

/** One fault of an input: where it is (`recipient.phone`) and what is wrong with it. */
export interface InputFault {
  path: string;
  reason: string;
}

interface Details {
  /** What failed and what is so, in a sentence. Never personal data. */
  detail?: string;
  /** What the caller can do now. */
  next?: string;
  faults?: InputFault[];
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** Whether this refusal belongs in the audit trail. */
  recorded?: boolean;
}

/**
 * A failure with an answer: an RFC 9457 problem. Thrown where the fault is found; turned into a response in one
 * place (`app.ts`). `slug` is part of the API: clients tell failures apart by it.
 */
export class Problem extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    readonly slug: string,
    readonly title: string,
    readonly details: Details = {},
  ) {
    super(details.detail ?? title);
    this.name = "Problem";
  }

  /** The body of the answer, `application/problem+json`. */
  body(requestId: string) {
    const { detail, next, faults } = this.details;
    return {
      type: `/problems/${this.slug}`,
      slug: this.slug,
      title: this.title,
      status: this.status,
      detail,
      next,
      faults,
      requestId,
    };
  }
}

/** There is no such thing, or it belongs to a site the caller does not see: the same answer for both. */
export const notFound = (noun: string): Problem =>
  new Problem(404, "not-found", `There is no such ${noun}`, { next: "Check the link or search for it." });

/** The input does not fit its schema. */
export const badInput = (faults: InputFault[]): Problem =>
  new Problem(422, "bad-input", "Something in the input is not right", {
    detail: faults.slice(0, 3).map(({ path, reason }) => path ? `${path}: ${reason}` : reason).join("; "),
    next: "Correct the named fields and send it again.",
    faults,
  });

/** A rule of the business stands against it. */
export const conflict = (slug: string, title: string, details: Details = {}): Problem =>
  new Problem(409, slug, title, { recorded: true, ...details });

export const notAllowed = (title = "Your role does not allow this"): Problem =>
  new Problem(403, "not-allowed", title, { next: "Ask an owner if you need it.", recorded: true });

export const signInNeeded = (): Problem =>
  new Problem(401, "sign-in-needed", "You are not signed in", { next: "Sign in and try again." });

export const tooManyAttempts = (retryAfter: number): Problem =>
  new Problem(429, "too-many-attempts", "Too many attempts", {
    next: `Wait ${retryAfter} seconds and try again.`,
    retryAfter,
    recorded: true,
  });

export const tooLarge = (limit: string): Problem =>
  new Problem(413, "too-large", `The request is larger than ${limit}`, { next: "Send less at once." });

/** RFC 9110, 15.5.9. */
export const tooSlow = (seconds: number): Problem =>
  new Problem(408, "too-slow", `The request did not arrive within ${seconds} seconds`, {
    next: "Try again where the connection is better.",
  });

/** A database cannot be reached: nothing was changed, and trying again in a moment is right. */
export const unavailable = (what: "database" | "keys"): Problem =>
  new Problem(
    503,
    `${what}-unavailable`,
    what === "keys" ? "Personal data cannot be opened right now" : "The database cannot be reached right now",
    {
      detail: what === "keys"
        ? "The keys cluster does not answer. Nothing was changed."
        : "The data cluster does not answer. Nothing was changed.",
      next: "Try again in a few seconds.",
      retryAfter: 5,
    },
  );

/** The database gave up on something that took too long: it was rolled back, and later there may be time for it. */
export const databaseBusy = (): Problem =>
  new Problem(503, "database-busy", "This took too long and was given up", {
    detail: "The database had too much to do. Nothing was changed.",
    next: "Try again in a few seconds; ask for less at once if it happens again.",
    retryAfter: 5,
  });

/** RFC 4918, 11.5: whoever runs the installation has to act first. */
export const storageFull = (): Problem =>
  new Problem(507, "storage-full", "The disk of this installation is full", {
    detail: "The database can store nothing more. Nothing was changed.",
    next: "Tell whoever runs this installation: it works again as soon as there is space on its disk.",
    retryAfter: 60,
  });
