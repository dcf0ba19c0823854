import { type ReactNode, useId } from "react";
import styles from "./panel.module.css";

interface PanelProps {
  title?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Lets lists and tables reach the panel's edges. */
  flush?: boolean;
  children: ReactNode;
}

/** A surface that groups what belongs together; a labelled region when it has a title. */
export function Panel({ title, lead, actions, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className={styles.head}>
          <div className={styles.words}>
            <h2 id={id}>{title}</h2>
            {lead !== undefined && <p className={styles.lead}>{lead}</p>}
          </div>
          {actions}
        </div>
      )}
      <div className={flush ? undefined : styles.body}>{children}</div>
    </section>
  );
}
