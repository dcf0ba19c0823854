import pino from "pino";
import { SealBroken } from "./seal.ts";

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
  // Where a sealed value was tampered with is a table and an id, and what whoever looks for it needs.
  const place = error instanceof SealBroken ? error.place : undefined;
  return { type: error.name, code, place, stack: frames.slice(0, 12).map((row) => row.trim()) };
}
