import { Button, NativeSelect } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BackupRun, RunKind } from "../../server/backups/schema.ts";
import { useMe } from "../session.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import type { Tone } from "../ui/theme.ts";
import { DateText } from "../ui/times.tsx";
import styles from "./history.module.css";
import { duration, size } from "./measures.ts";
import { historyQuery } from "./queries.ts";
import { useRunName } from "./run_name.ts";

const kinds: RunKind[] = [
  "full",
  "diff",
  "verification",
  "drill",
  "offsite-copy",
  "offsite-verification",
  "offsite-drill",
];

/** Every backup, check and drill with what came of it. */
export function History() {
  const { t } = useTranslation("backups");
  const [kind, setKind] = useState<RunKind | null>(null);
  const runs = useInfiniteQuery(historyQuery(kind && [kind]));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel
      title={t("history.title")}
      flush
      actions={
        <NativeSelect
          aria-label={t("history.show")}
          value={kind ?? ""}
          data={[
            { value: "", label: t("history.all") },
            ...kinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`) })),
          ]}
          onChange={({ currentTarget: { value } }) => setKind(value === "" ? null : value as RunKind)}
        />
      }
    >
      {runs.isPending
        ? <LoadingRows rows={6} height={56} />
        : runs.isError
        ? <ProblemNotice problem={runs.error} onRetry={() => void runs.refetch()} />
        : items.length === 0
        ? (
          <EmptyState
            icon={<IconHistory size={26} />}
            title={t(kind ? "history.nothing" : "history.empty")}
            detail={kind ? undefined : t("history.emptyDetail")}
          />
        )
        : <ul className={styles.runs}>{items.map((run) => <Run key={run.id} run={run} />)}</ul>}
      {runs.hasNextPage && (
        <div className={styles.more}>
          <Button
            variant="default"
            loading={runs.isFetchingNextPage}
            onClick={() => void runs.fetchNextPage()}
          >
            {t("history.more")}
          </Button>
        </div>
      )}
    </Panel>
  );
}

const tones = { done: "green", failed: "red", running: "blue", withFindings: "red" } satisfies Record<
  string,
  Tone
>;

function Run({ run }: { run: BackupRun }) {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;
  const nameOf = useRunName();
  const { startedAt, failure, figures: { findings = [] } } = run;
  const outcome = findings.length > 0 ? "withFindings" : run.outcome ?? "running";
  return (
    <li className={styles.run}>
      <span className={styles.name}>{nameOf(run)}</span>
      <span className={styles.facts}>
        <DateText at={startedAt} timeZone={timeZone} />
        {useFacts(run).map((fact) => <span key={fact}>{fact}</span>)}
      </span>
      <span className={styles.outcome}>
        <Tag tone={tones[outcome]}>{t(`outcome.${outcome}`)}</Tag>
      </span>
      {failure !== null && <p className={styles.failure}>{failure}</p>}
      {findings.length > 0 && (
        <details className={styles.findings}>
          <summary>{t("history.findings", { count: findings.length })}</summary>
          <ul>{findings.map((finding) => <li key={finding}>{finding}</li>)}</ul>
        </details>
      )}
    </li>
  );
}

/** What a run's figures come to in a few words. */
function useFacts({ startedAt, endedAt, requestedBy, figures }: BackupRun): string[] {
  const { t } = useTranslation("backups");
  const { addedBytes, files, drill } = figures;
  const seconds = endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const facts = [
    seconds !== null && t("history.took", { duration: duration(seconds) }),
    addedBytes !== undefined && t("history.added", { size: size(addedBytes) }),
    files !== undefined && t("history.files", { count: files }),
    drill !== undefined && t("history.rows", { rows: drill.rows }),
    requestedBy !== null && t("history.asked"),
  ];
  return facts.filter((fact): fact is string => fact !== false);
}
