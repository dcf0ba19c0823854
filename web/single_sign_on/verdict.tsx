import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./verdict.module.css";

const icons = { passed: IconCircleCheck, warned: IconAlertTriangle, failed: IconCircleX };

interface VerdictProps {
  outcome: keyof typeof icons;
  title: string;
  children?: ReactNode;
}

/** How something that was tried came out, in one sentence; it is heard when it comes. */
export function Verdict({ outcome, title, children }: VerdictProps) {
  const Icon = icons[outcome];
  return (
    <div className={styles.verdict} data-outcome={outcome} role="status">
      <Icon size={22} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        {children}
      </div>
    </div>
  );
}
