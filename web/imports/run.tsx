import { Button, Progress } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Import } from "../../server/deliveries/import/schema.ts";
import { sitesQuery } from "../sites/queries.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { FaultList } from "./fault_list.tsx";
import { importQuery, isUnderWay } from "./queries.ts";
import styles from "./run.module.css";
import { Tally } from "./tally.tsx";

/** An import that was started: how far it is, then what became of it. */
export function Run({ id, onAnother }: { id: string; onAnother: () => void }) {
  const { t } = useTranslation("imports");
  const run = useQuery(importQuery(id));
  if (run.isPending) {
    return (
      <Panel title={t("progress.unnamed")}>
        <LoadingRows rows={2} />
      </Panel>
    );
  }
  if (run.isError) {
    return (
      <Panel title={t("progress.unnamed")}>
        <ProblemNotice problem={run.error} onRetry={() => void run.refetch()} />
      </Panel>
    );
  }
  return isUnderWay(run.data)
    ? <UnderWay run={run.data} />
    : <Outcome run={run.data} onAnother={onAnother} />;
}

function UnderWay({ run: { fileName, state, done, orders } }: { run: Import }) {
  const { t } = useTranslation("imports");
  const title = fileName === null ? t("progress.unnamed") : t("progress.title", { name: fileName });
  const words = state === "waiting"
    ? t("progress.waiting")
    : done === 0
    ? t("progress.reading")
    : t("progress.running", { done, orders });
  return (
    <Panel title={title}>
      <div className={styles.progress}>
        <Progress
          value={orders === 0 ? 0 : done / orders * 100}
          animated
          size="xl"
          aria-label={title}
        />
        <p role="status">{words}</p>
        <p className={styles.hint}>{t("progress.leave")}</p>
      </div>
    </Panel>
  );
}

function Outcome({ run, onAnother }: { run: Import; onAnother: () => void }) {
  const { t } = useTranslation("imports");
  const sites = useQuery(sitesQuery);
  const { state, siteId, created, updated, unchanged, faultCount, leftOutCount } = run;
  const site = sites.data?.find(({ id }) => id === siteId)?.name ?? "";
  const isDone = state === "done";
  return (
    <>
      <Panel
        title={t(isDone ? "result.done" : state === "refused" ? "result.refused" : "result.failed")}
        lead={[run.fileName ?? t("result.erasedFile"), site].filter(Boolean).join(" · ")}
      >
        <div className={styles.outcome}>
          {isDone
            ? (
              <Tally
                counts={[
                  { label: t("result.created"), count: created, tone: "green" },
                  { label: t("result.updated"), count: updated, tone: "petrol" },
                  { label: t("result.unchanged"), count: unchanged, tone: "gray" },
                  { label: t("result.faults"), count: faultCount, tone: "red" },
                  { label: t("result.leftOut"), count: leftOutCount, tone: "gray" },
                ]}
              />
            )
            : (
              <div className={styles.refused} role="alert">
                <IconAlertTriangle size={20} aria-hidden />
                <div>
                  <p className={styles.reason}>{run.reason}.</p>
                  <p>{t(state === "refused" ? "result.refusedNext" : "result.failedNext")}</p>
                </div>
              </div>
            )}
          <div className={styles.buttons}>
            {isDone && (
              <LinkButton to="/" search={{ day: "all", site: siteId }}>{t("result.board")}</LinkButton>
            )}
            <Button variant="default" onClick={onAnother}>{t("result.another")}</Button>
          </div>
        </div>
      </Panel>
      <FaultList report={run} done={isDone} />
    </>
  );
}
