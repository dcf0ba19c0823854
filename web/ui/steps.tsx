import { IconCheck } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import styles from "./steps.module.css";

/** Where somebody stands in a sequence of steps. */
export function Steps({ names, current }: { names: string[]; current: number }) {
  const { t } = useTranslation();
  const shown = useRef(current);
  useEffect(() => {
    // A new step starts at its heading for those who hear the screen.
    if (shown.current !== current) document.getElementById("page-title")?.focus();
    shown.current = current;
  }, [current]);
  return (
    <ol className={styles.steps} aria-label={t("steps", { current: current + 1, count: names.length })}>
      {names.map((name, step) => (
        <li
          key={name}
          aria-current={step === current ? "step" : undefined}
          data-done={step < current || undefined}
        >
          <span className={styles.dot} aria-hidden>
            {step < current ? <IconCheck size={13} stroke={3} /> : step + 1}
          </span>
          <span className={styles.name}>{name}</span>
        </li>
      ))}
    </ol>
  );
}
