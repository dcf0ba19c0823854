import { isBusy, isFull, isUnreachable } from "../platform/database.ts";
import { conflict, databaseBusy, Problem, storageFull, unavailable } from "../platform/problem.ts";
import { SubjectErased } from "./change.ts";

/** What a failure means to whoever asked; null for one that nobody foresaw. */
export function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (isUnreachable(error)) return unavailable("database");
  if (isBusy(error)) return databaseBusy();
  if (isFull(error)) return storageFull();
  if (error instanceof SubjectErased) return personErased();
  return null;
}

const personErased = (): Problem =>
  conflict("person-erased", "The person this would be kept about has been erased", {
    next: "Leave out notes, names, signatures and photos, and send it again.",
  });
