import type { ReactNode } from "react";
import styles from "./state_badge.module.css";
import type { Tone } from "./theme.ts";

/** A short label with the same look as an order's state, for every other thing that has one. */
export function Tag(
  { tone = "gray", icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode },
) {
  return (
    <span className={styles.badge} data-tone={tone} data-size="sm">
      {icon}
      <span className={styles.words}>{children}</span>
    </span>
  );
}
