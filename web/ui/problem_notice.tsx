import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import styles from "./problem_notice.module.css";

interface ProblemNoticeProps {
  problem: unknown;
  /** Shown as a button when the same thing can be tried again. */
  onRetry?: () => void;
  /** Leaves out the faults, and the detail that lists them, where the fields show them themselves. */
  hideFaults?: boolean;
}

/** Says what failed, what is so, and the next step; with the request id an operator finds in the log. */
export function ProblemNotice({ problem, onRetry, hideFaults = false }: ProblemNoticeProps) {
  const { t } = useTranslation();
  const words = useProblemWords()(problem);
  const faults = problem instanceof ApiProblem && !hideFaults ? problem.faults : [];
  const requestId = problem instanceof ApiProblem ? problem.requestId : null;
  return (
    <div className={styles.notice} role="alert">
      <IconAlertTriangle className={styles.icon} size={20} aria-hidden />
      <div className={styles.body}>
        <p className={styles.title}>{words.title}</p>
        {words.detail !== "" && !hideFaults && <p>{words.detail}</p>}
        {faults.length > 0 && (
          <ul className={styles.faults} aria-label={t("problem.faults")}>
            {faults.map(({ path, reason }) => (
              <li key={`${path} ${reason}`}>
                {path === "" ? reason : (
                  <>
                    <code>{path}</code> {reason}
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
        {words.next !== "" && <p>{words.next}</p>}
        {(onRetry !== undefined || requestId !== null) && (
          <div className={styles.foot}>
            {onRetry !== undefined && (
              <Button size="xs" variant="default" onClick={onRetry}>{t("retry")}</Button>
            )}
            {requestId !== null && <span className={styles.request}>{t("problem.request")} {requestId}</span>}
          </div>
        )}
      </div>
    </div>
  );
}

/** A problem's title, detail and next step; faults of the network or of this page get words of ours. */
export function useProblemWords(): (problem: unknown) => { title: string; detail: string; next: string } {
  const { t } = useTranslation();
  return (problem) => {
    if (
      problem instanceof ApiProblem && problem.slug !== "unreachable" && problem.slug !== "server-unclear"
    ) {
      return problem;
    }
    const slug = problem instanceof ApiProblem && problem.slug === "unreachable"
      ? "unreachable"
      : problem instanceof ApiProblem
      ? "server-unclear"
      : "unexpected";
    return {
      title: t(`problem.${slug}.title`),
      detail: t(`problem.${slug}.detail`),
      next: t(`problem.${slug}.next`),
    };
  };
}
