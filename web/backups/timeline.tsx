import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { BackupRun, BackupState } from "../../server/backups/schema.ts";
import { locale } from "../i18n/i18n.ts";
import { useMe } from "../session.ts";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { DateText, moment } from "../ui/times.tsx";
import { useRunName } from "./run_name.ts";
import { SHOWN_DAYS, timelineQuery } from "./queries.ts";
import styles from "./timeline.module.css";

const DAY_MS = 24 * 3_600_000;

/** Five weeks as a picture: what was backed up, what was restored for real, and what can be brought back. */
export function Timeline({ state }: { state: BackupState | null }) {
  const { t } = useTranslation("backups");
  const runs = useQuery(timelineQuery);
  return (
    <Panel title={t("timeline.title")}>
      {runs.isPending
        ? <LoadingRows rows={4} height={44} />
        : runs.isError
        ? <ProblemNotice problem={runs.error} onRetry={() => void runs.refetch()} />
        : <Drawn state={state} runs={runs.data.filter(({ endedAt }) => endedAt !== null)} />}
      {state && <ComingUp state={state} />}
    </Panel>
  );
}

function Drawn({ state, runs }: { state: BackupState | null; runs: BackupRun[] }) {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;
  const ofData = runs.filter(({ cluster, kind }) => cluster !== "keys" || kind.endsWith("drill"));
  const lanes = [
    { name: "fulls" as const, runs: ofData.filter(({ kind }) => kind === "full") },
    { name: "diffs" as const, runs: ofData.filter(({ kind }) => kind === "diff") },
    { name: "drills" as const, runs: ofData.filter(({ kind }) => kind.endsWith("drill")) },
  ];
  const recoverable = state?.clusters.data.recoverable ?? null;
  const reach = recoverable
    ? t("answer.reach", { from: moment(recoverable.from, timeZone), to: moment(recoverable.to, timeZone) })
    : t("answer.noReach");
  if (runs.length === 0 && !recoverable) return <p className={styles.empty}>{t("timeline.empty")}</p>;
  const [fulls, diffs, drills] = lanes.map(({ runs }) => runs.length);
  const failed = ofData.filter(({ outcome }) => outcome === "failed").length;
  return (
    <>
      <Picture
        label={t("timeline.picture", { fulls, diffs, drills, failed, reach })}
        lanes={lanes}
        recoverable={recoverable}
        timeZone={timeZone}
      />
      <details className={styles.table}>
        <summary>{t("timeline.table")}</summary>
        <RunTable runs={ofData} timeZone={timeZone} />
      </details>
    </>
  );
}

interface PictureProps {
  label: string;
  lanes: { name: "fulls" | "diffs" | "drills"; runs: BackupRun[] }[];
  recoverable: { from: string; to: string } | null;
  timeZone: string;
}

const LANE = 46;
const HEAD = 24;

function Picture({ label, lanes, recoverable, timeZone }: PictureProps) {
  const { t } = useTranslation("backups");
  const now = Date.now();
  const start = now - SHOWN_DAYS * DAY_MS;
  const share = (at: number) => Math.min(Math.max((at - start) / (now - start), 0), 1);
  // Marks at either end are drawn whole.
  const across = (at: number) => `${(1 + share(at) * 98).toFixed(3)}%`;
  const day = new Intl.DateTimeFormat(locale, { timeZone, day: "numeric", month: "short" });
  const weeks = [0, 1, 2, 3, 4].map((week) => start + week * 7 * DAY_MS);
  const height = HEAD + (lanes.length + 1) * LANE + 4;
  return (
    <svg className={styles.picture} role="img" aria-label={label} height={height} width="100%">
      {weeks.map((at) => (
        <Fragment key={at}>
          <line className={styles.week} x1={across(at)} x2={across(at)} y1={HEAD - 6} y2={height} />
          <text className={styles.day} x={across(at)} y={12}>{day.format(at)}</text>
        </Fragment>
      ))}
      <line className={styles.now} x1={across(now)} x2={across(now)} y1={HEAD - 6} y2={height} />
      <text className={styles.day} x={across(now)} y={12} textAnchor="end">{t("timeline.now")}</text>

      <text className={styles.name} x="1%" y={HEAD + 14}>{t("timeline.reach")}</text>
      {recoverable && (
        <rect
          className={styles.reach}
          x={across(Date.parse(recoverable.from))}
          y={HEAD + 20}
          width={`${
            ((share(Date.parse(recoverable.to)) - share(Date.parse(recoverable.from))) * 98).toFixed(3)
          }%`}
          height={14}
          rx={4}
        />
      )}
      {lanes.map(({ name, runs }, lane) => {
        const top = HEAD + (lane + 1) * LANE;
        return (
          <g key={name}>
            <line className={styles.lane} x1="1%" x2="99%" y1={top + 28} y2={top + 28} />
            <text className={styles.name} x="1%" y={top + 14}>{t(`timeline.${name}`)}</text>
            {runs.map((run) => (
              <svg key={run.id} x={across(Date.parse(run.endedAt!))} y={top + 28} overflow="visible">
                <title>{`${moment(run.endedAt!, timeZone)}`}</title>
                <Mark lane={name} isFailed={run.outcome === "failed"} />
              </svg>
            ))}
          </g>
        );
      })}
    </svg>
  );
}

/** What failed is a cross, whatever it was: form and tone say the same. */
function Mark({ lane, isFailed }: { lane: "fulls" | "diffs" | "drills"; isFailed: boolean }) {
  if (isFailed) return <path className={styles.cross} d="M-6 -6 L6 6 M6 -6 L-6 6" />;
  if (lane === "fulls") return <rect className={styles.full} x={-7} y={-7} width={14} height={14} rx={3} />;
  if (lane === "diffs") return <circle className={styles.diff} r={3} />;
  return <path className={styles.drill} d="M0 -8 L8 0 L0 8 L-8 0 Z" />;
}

function RunTable({ runs, timeZone }: { runs: BackupRun[]; timeZone: string }) {
  const { t } = useTranslation("backups");
  const nameOf = useRunName();
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t("timeline.begun")}</th>
          <th scope="col">{t("timeline.what")}</th>
          <th scope="col">{t("timeline.outcome")}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td>
              <DateText at={run.startedAt} timeZone={timeZone} />
            </td>
            <th scope="row">{nameOf(run)}</th>
            <td>{t(`outcome.${run.outcome ?? "running"}`)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ComingUp({ state }: { state: BackupState }) {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;
  const nameOf = useRunName();
  if (state.next.length === 0) return null;
  return (
    <div className={styles.next}>
      <h3>{t("timeline.next")}</h3>
      <ul>
        {state.next.slice(0, 5).map(({ kind, cluster, at }) => (
          <li key={`${kind} ${cluster}`}>
            <span>{nameOf({ kind, cluster })}</span>
            <DateText at={at} timeZone={timeZone} />
          </li>
        ))}
      </ul>
    </div>
  );
}
