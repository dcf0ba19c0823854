import pino from "pino";

export type Logger = pino.Logger;

/**
 * JSON lines on stdout: a fixed sentence plus named fields. Ids only: no name, address, query string, header or body
 * is ever a field, and of an unknown error only its class, code and stack are kept, because a message can quote
 * values (PostgreSQL's do).
 */
export function createLog(level: string, process: string, destination?: pino.DestinationStream): Logger {
  return pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: withoutValues },
  }, destination ?? pino.destination({ sync: true }));
}

function withoutValues(error: unknown) {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = "code" in error ? String(error.code) : undefined;
  const frames = (error.stack ?? "").split("\n").filter((row) => row.trimStart().startsWith("at "));
  return { type: error.name, code, stack: frames.slice(0, 12).map((row) => row.trim()) };
}
