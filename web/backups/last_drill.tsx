import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { BackupRun, DrillFigures } from "../../server/backups/schema.ts";
import { locale } from "../i18n/i18n.ts";
import { useMe } from "../session.ts";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { moment } from "../ui/times.tsx";
import { type Fact, Facts } from "./facts.tsx";
import styles from "./last_drill.module.css";
import { duration, size } from "./measures.ts";
import { lastDrillQuery } from "./queries.ts";

/** What came back when a backup was last restored for real. */
export function LastDrill() {
  const { t } = useTranslation("backups");
  const drill = useQuery(lastDrillQuery);
  return (
    <Panel title={t("drill.title")} lead={t("drill.lead")}>
      {drill.isPending
        ? <LoadingRows rows={4} height={36} />
        : drill.isError
        ? <ProblemNotice problem={drill.error} onRetry={() => void drill.refetch()} />
        : drill.data === null
        ? <p className={styles.none}>{t("drill.none")}</p>
        : <Drill run={drill.data} />}
    </Panel>
  );
}

function Drill({ run: { outcome, endedAt, failure, figures: { drill } } }: { run: BackupRun }) {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;
  const at = moment(endedAt!, timeZone);
  const isDone = outcome === "done";
  return (
    <>
      <p className={styles.outcome} data-outcome={outcome}>
        {isDone ? <IconCircleCheck size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />}
        {t(isDone ? "drill.done" : "drill.failed", { at })}
      </p>
      {failure !== null && <p className={styles.failure}>{failure}</p>}
      {drill && <Figures drill={drill} timeZone={timeZone} />}
    </>
  );
}

function Figures({ drill, timeZone }: { drill: DrillFigures; timeZone: string }) {
  const { t } = useTranslation("backups");
  const { differing, trailSame, trailEntries, sealedOpened } = drill;
  const facts: Fact[] = [
    {
      name: t("drill.took"),
      value: duration(drill.restoreSeconds + drill.replaySeconds),
      detail: t("drill.tookDetail", {
        restore: duration(drill.restoreSeconds),
        replay: duration(drill.replaySeconds),
      }),
    },
    { name: t("drill.upTo"), value: moment(drill.recoveredTo, timeZone) },
    {
      name: t("drill.size"),
      value: size(drill.databaseBytes),
      detail: t("drill.sizeDetail", { count: drill.tables }),
    },
    {
      name: t("drill.rows"),
      value: new Intl.NumberFormat(locale).format(drill.rows),
      detail: differing === null
        ? t("drill.rowsUnknown")
        : differing.length === 0
        ? t("drill.rowsSame")
        : t("drill.rowsDiffer", { tables: differing.join(", ") }),
      isWrong: (differing ?? []).length > 0,
    },
    {
      name: t("drill.trail"),
      value: trailSame === null
        ? t("drill.trailUnknown")
        : trailSame
        ? t("drill.trailSame", { count: trailEntries })
        : t("drill.trailDiffers"),
      isWrong: trailSame === false,
    },
    {
      name: t("drill.sealed"),
      value: sealedOpened === null
        ? t("drill.sealedUnknown")
        : t(sealedOpened ? "drill.sealedOpened" : "drill.sealedClosed"),
      isWrong: sealedOpened === false,
    },
    { name: t("drill.pages"), value: t("drill.pagesSound", { duration: duration(drill.checkSeconds) }) },
  ];
  return <Facts facts={facts} />;
}
