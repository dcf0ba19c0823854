import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconMinus,
  IconQuestionMark,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { BackupsOverview, Verdict } from "../../server/backups/schema.ts";
import { Panel } from "../ui/panel.tsx";
import styles from "./promises.module.css";
import { useVerdictWords } from "./verdict_words.ts";

/** In the order in which they stand: what is to be done comes first. */
const standings = ["broken", "unknown", "trouble", "kept", "notYet"] as const;
type Standing = (typeof standings)[number];

const icons: Record<Standing, ComponentType<{ size?: number; stroke?: number }>> = {
  broken: IconCircleX,
  unknown: IconQuestionMark,
  trouble: IconAlertTriangle,
  kept: IconCircleCheck,
  notYet: IconMinus,
};

/** Every promise with the figure that proves it; where one is broken, why and what to do. */
export function Promises({ overview: { verdicts } }: { overview: BackupsOverview }) {
  const { t } = useTranslation("backups");
  return (
    <Panel title={t("promised.title")} lead={t("promised.lead")} flush>
      <ul className={styles.promises}>
        {sorted(verdicts).map((verdict) => <Promised key={verdict.promise} verdict={verdict} />)}
      </ul>
    </Panel>
  );
}

function Promised({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation("backups");
  const { figureOf, reasonOf } = useVerdictWords();
  const standing = standingOf(verdict);
  const Icon = icons[standing];
  const reason = reasonOf(verdict);
  // What was true when the service was last heard of proves nothing now.
  const figure = standing === "unknown" ? null : figureOf(verdict);
  const hasNext = standing !== "unknown" && reason !== null;
  return (
    <li className={styles.promise} data-standing={standing}>
      <span className={styles.icon} role="img" aria-label={t(`promised.${standing}`)}>
        <Icon size={20} stroke={2} />
      </span>
      <span className={styles.what}>{t(`promises.${verdict.promise}`)}</span>
      {figure !== null && <span className={styles.figure}>{figure}</span>}
      {reason && (
        <div className={styles.reason}>
          <p>{reason.so}</p>
          {hasNext && (
            <p>
              <strong>{t("promised.next")}:</strong> {reason.next}
            </p>
          )}
        </div>
      )}
    </li>
  );
}

function standingOf({ kept, reason }: Verdict): Standing {
  if (kept === null) return "notYet";
  if (!kept) return reason?.code === "unknown" ? "unknown" : "broken";
  return reason ? "trouble" : "kept";
}

const sorted = (verdicts: readonly Verdict[]): Verdict[] =>
  verdicts.toSorted((a, b) => standings.indexOf(standingOf(a)) - standings.indexOf(standingOf(b)));
