import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { State, Summary } from "../../server/deliveries/schema.ts";
import { stateLooks } from "../ui/state_badge.tsx";
import styles from "./state_filter.module.css";

const states = Object.keys(stateLooks) as State[];

interface StateFilterProps {
  chosen: State[];
  onChange: (states: State[]) => void;
  /** How many orders stand in each state; undefined when nobody has counted. */
  summary: Summary | undefined;
}

/** The states as switches, each with its count. States nobody is in are left out, so that the eye has less to skip. */
export function StateFilter({ chosen, onChange, summary }: StateFilterProps) {
  const { t } = useTranslation("orders");
  const { t: words } = useTranslation();
  const counts = new Map(summary?.byState.map(({ state, count }) => [state, count]));
  const shown = states.filter((state) =>
    summary === undefined || counts.has(state) || chosen.includes(state)
  );
  const toggle = (state: State) =>
    onChange(
      chosen.includes(state)
        ? chosen.filter((other) => other !== state)
        : states.filter((other) => other === state || chosen.includes(other)),
    );
  return (
    <div role="group" aria-label={t("states")} className={styles.states}>
      <UnstyledButton
        className={styles.chip}
        aria-pressed={chosen.length === 0}
        onClick={() => onChange([])}
      >
        {t("everyState")}
        {summary !== undefined && <span className={styles.count}>{summary.total}</span>}
      </UnstyledButton>
      {shown.map((state) => {
        const { tone, icon: Icon } = stateLooks[state];
        return (
          <UnstyledButton
            key={state}
            className={styles.chip}
            data-tone={tone}
            aria-pressed={chosen.includes(state)}
            onClick={() => toggle(state)}
          >
            <Icon size={14} stroke={2} className={styles.icon} />
            {words(`states.${state}`)}
            {summary !== undefined && <span className={styles.count}>{counts.get(state) ?? 0}</span>}
          </UnstyledButton>
        );
      })}
    </div>
  );
}
