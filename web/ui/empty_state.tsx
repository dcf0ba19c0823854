import type { ReactNode } from "react";
import styles from "./empty_state.module.css";

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  /** What will stand here and how it gets here. */
  detail?: ReactNode;
  /** The act that fills the page, if the reader may do it. */
  action?: ReactNode;
}

/** What a list shows while it has nothing to show. */
export function EmptyState({ icon, title, detail, action }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <div className={styles.icon} aria-hidden>{icon}</div>
      <p className={styles.title}>{title}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}
