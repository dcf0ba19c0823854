import { useTranslation } from "react-i18next";
import type { Tone } from "../ui/theme.ts";
import styles from "./tally.module.css";

interface TallyProps {
  counts: { label: string; count: number; tone: Tone }[];
  /** The counts are being made again. */
  busy?: boolean;
}

/** A few counts side by side, heard when they change. Zero of something is drawn back. */
export function Tally({ counts, busy = false }: TallyProps) {
  const { t, i18n } = useTranslation("imports");
  return (
    <div role="status" aria-busy={busy}>
      <dl className={styles.tally} data-busy={busy || undefined}>
        {counts.map(({ label, count, tone }) => (
          <div key={label} className={styles.count} data-tone={count === 0 ? "gray" : tone}>
            <dt>{label}</dt>
            <dd>{count.toLocaleString(i18n.language)}</dd>
          </div>
        ))}
      </dl>
      {busy && <p className={styles.busy}>{t("preview.again")}</p>}
    </div>
  );
}
