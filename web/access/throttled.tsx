import { IconHourglass } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import styles from "./throttled.module.css";

/** Seconds until the server will listen again after `too-many-attempts`; 0 when it listens. Counts down. */
export function useWait(problem: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const throttled = problem instanceof ApiProblem && problem.status === 429;
    const until = throttled ? Date.now() + (problem.retryAfter ?? 60) * 1000 : 0;
    const count = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    count();
    if (!throttled) return;
    const timer = setInterval(count, 1_000);
    return () => clearInterval(timer);
  }, [problem]);
  return left;
}

/** Says that sign-in is closed for a while, and for how long. */
export function Throttled({ seconds }: { seconds: number }) {
  const { t } = useTranslation("access");
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <div className={styles.throttled} role="alert">
      <IconHourglass size={20} aria-hidden />
      <div>
        <p className={styles.title}>{t("signIn.throttled")}</p>
        {/* Read out once, not every second. */}
        <p aria-live="off">{t("signIn.throttledDetail", { time })}</p>
      </div>
    </div>
  );
}
