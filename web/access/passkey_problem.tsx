import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";

const ofTheBrowser = ["passkey-closed", "passkey-known", "passkey-failed"] as const;
type OfTheBrowser = typeof ofTheBrowser[number];

/** What went wrong with a passkey: the browser's refusals in words of ours, the server's in its own. */
export function PasskeyProblem({ problem, hideFaults }: { problem: unknown; hideFaults?: boolean }) {
  const { t } = useTranslation("access");
  if (problem === null) return null;
  const slug = problem instanceof ApiProblem ? problem.slug as OfTheBrowser : null;
  const worded = slug !== null && ofTheBrowser.includes(slug)
    ? new ApiProblem({
      slug,
      title: t(`passkeys.problems.${slug}.title`),
      next: t(`passkeys.problems.${slug}.next`),
    })
    : problem;
  return <ProblemNotice problem={worded} hideFaults={hideFaults} />;
}
