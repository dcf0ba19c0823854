import { IconCloudOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";
import { clock } from "../ui/times.tsx";
import styles from "./stale_notice.module.css";

/** Says that what is shown was read earlier and why it cannot be read now. */
export function StaleNotice({ problem, since }: { problem: unknown; since: number }) {
  const { t } = useTranslation("orders");
  const words = useProblemWords()(problem);
  const locked = problem instanceof ApiProblem && problem.slug === "keys-unavailable";
  return (
    <p className={styles.notice} role="alert">
      <IconCloudOff size={18} aria-hidden />
      <span>
        <strong>{locked ? t("stale.locked") : words.title}</strong>{" "}
        {t("stale.since", { at: clock(new Date(since).toISOString()) })}
      </span>
    </p>
  );
}
