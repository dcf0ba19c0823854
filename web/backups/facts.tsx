import type { ReactNode } from "react";
import styles from "./facts.module.css";

/** A name, what is so, and a second line to it. */
export interface Fact {
  name: string;
  value: ReactNode;
  detail?: ReactNode;
  isWrong?: boolean;
}

/** A short list of facts. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(({ name, value, detail, isWrong }) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd data-wrong={isWrong || undefined}>
            {value}
            {detail !== undefined && <span className={styles.detail}>{detail}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
