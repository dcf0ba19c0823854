import { useState } from "react";
import { ApiProblem } from "../api.ts";

/** What a form knows about its last refusal. */
export interface Refusal {
  /** The problem as it came, or null. */
  problem: unknown;
  /** The reason for the field at `path` (`recipient.phone`), for Mantine's `error` prop. */
  of: (path: string) => string | undefined;
  /** Whether every fault belongs to one of `paths`, so that the fields say it all. */
  coveredBy: (paths: readonly string[]) => boolean;
}

/**
 * Runs a form's request and keeps its refusal: `refusal.of(path)` puts each fault beside its field. Resolves to
 * whether the request succeeded. The first refused field takes the focus.
 */
export function useSubmit(): {
  busy: boolean;
  refusal: Refusal;
  submit: (act: () => Promise<unknown>) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const submit = async (act: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      return true;
    } catch (fault) {
      setProblem(fault);
      focusFirstRefused();
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, refusal: refusalOf(problem), submit };
}

/** Maps a problem's faults to the fields of a form. A fault of `tags.3` also belongs to the field `tags`. */
export function refusalOf(problem: unknown): Refusal {
  const faults = problem instanceof ApiProblem ? problem.faults : [];
  const belongs = (fault: string, path: string) => fault === path || fault.startsWith(`${path}.`);
  return {
    problem,
    of: (path) => faults.find((fault) => belongs(fault.path, path))?.reason,
    coveredBy: (paths) =>
      faults.length > 0 && faults.every((fault) => paths.some((path) => belongs(fault.path, path))),
  };
}

function focusFirstRefused(): void {
  // After React has drawn the faults beside their fields.
  setTimeout(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), 50);
}
