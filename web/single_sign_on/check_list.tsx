import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX } from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { Check } from "../../server/access/sso/schema.ts";
import styles from "./check_list.module.css";
import { useReasonWords } from "./reason_words.ts";

const icons: Record<Check["outcome"], ComponentType<{ size?: number }>> = {
  passed: IconCircleCheck,
  failed: IconCircleX,
  warned: IconAlertTriangle,
  "not-reached": IconCircleDashed,
};

/** What was looked at, how each came out, and what to do where it did not come out right. */
export function CheckList({ checks }: { checks: Check[] }) {
  const { t } = useTranslation("singleSignOn");
  return (
    <ul className={styles.checks} aria-label={t("checks.list")}>
      {checks.map((check) => <CheckEntry key={check.check} check={check} />)}
    </ul>
  );
}

function CheckEntry({ check: { check, outcome, reason, facts } }: { check: Check }) {
  const { t } = useTranslation("singleSignOn");
  const words = useReasonWords()(reason ?? "unknown");
  const Icon = icons[outcome];
  const isWrong = outcome === "failed" || outcome === "warned";
  return (
    <li className={styles.check} data-outcome={outcome}>
      <span className={styles.icon} aria-hidden>
        <Icon size={18} />
      </span>
      <div className={styles.words}>
        <p>
          <strong>{t(`checks.name.${check as "clock"}`, { defaultValue: check })}</strong>{" "}
          <span className={styles.outcome}>{t(`checks.outcome.${outcome}`)}</span>
        </p>
        {outcome === "passed" && (
          <p className={styles.dimmed}>{t(`checks.right.${check as "clock"}`, { defaultValue: "" })}</p>
        )}
        {isWrong && (
          <>
            <p>{words.what}</p>
            <p>{words.next}</p>
            <Facts facts={facts} />
          </>
        )}
      </div>
    </li>
  );
}

function Facts({ facts }: { facts: Check["facts"] }) {
  const { t } = useTranslation("singleSignOn");
  const all = Object.entries(facts);
  if (all.length === 0) return null;
  return (
    <dl className={styles.facts}>
      {all.map(([name, value]) => (
        <div key={name}>
          <dt>{t(`checks.fact.${name as "host"}`, { defaultValue: name })}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
