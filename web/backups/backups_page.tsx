import { IconShieldOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { BackupsOverview } from "../../server/backups/schema.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Answer } from "./answer.tsx";
import styles from "./backups_page.module.css";
import { History } from "./history.tsx";
import { LastDrill } from "./last_drill.tsx";
import { Offsite } from "./offsite.tsx";
import { Promises } from "./promises.tsx";
import { overviewQuery } from "./queries.ts";
import { Room } from "./room.tsx";
import { Timeline } from "./timeline.tsx";

/** Whether everything could be brought back, how we know, and what to do where not. */
export function BackupsPage() {
  const { t } = useTranslation("backups");
  const overview = useQuery(overviewQuery);
  return (
    <div className={styles.page}>
      <PageHeader title={t("title")} lead={t("lead")} />
      {overview.isPending
        ? (
          <Panel>
            <LoadingRows rows={8} height={52} />
          </Panel>
        )
        : overview.isError && !overview.data
        ? <ProblemNotice problem={overview.error} onRetry={() => void overview.refetch()} />
        : <Overview overview={overview.data} />}
    </div>
  );
}

function Overview({ overview }: { overview: BackupsOverview }) {
  const { t } = useTranslation("backups");
  const { hasBackups, state } = overview;
  if (!hasBackups) {
    return (
      <Panel>
        <EmptyState icon={<IconShieldOff size={26} />} title={t("none.title")} detail={t("none.detail")} />
      </Panel>
    );
  }
  return (
    <>
      <Answer overview={overview} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <Promises overview={overview} />
          <Timeline state={state} />
        </div>
        <div className={styles.aside}>
          <LastDrill />
          {state && <Offsite offsite={state.offsite} />}
          {state && <Room repository={state.repository} />}
        </div>
      </div>
      <History />
    </>
  );
}
