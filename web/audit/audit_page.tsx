import { Button } from "@mantine/core";
import { IconHistory, IconRefresh } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../session.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { dayName } from "../ui/times.tsx";
import styles from "./audit_page.module.css";
import { Entry } from "./entry.tsx";
import { FilterBar } from "./filter_bar.tsx";
import { type AuditEntry, trailQuery } from "./trail.ts";

const route = getRouteApi("/signed-in/audit");

/** The audit trail, newest first, day by day. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  const filters = route.useSearch();
  const { timeZone } = useMe().company;
  const queries = useQueryClient();
  const trail = useInfiniteQuery(trailQuery(filters, timeZone));
  const entries = trail.data?.pages.flatMap(({ items }) => items) ?? [];
  const anew = () => void queries.resetQueries({ queryKey: ["trail"] });
  return (
    <div className={styles.page}>
      <PageHeader
        title={t("title")}
        lead={t("lead")}
        actions={
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={trail.isFetching && !trail.isFetchingNextPage}
            onClick={anew}
          >
            {t("refresh")}
          </Button>
        }
      />
      <FilterBar key={JSON.stringify(filters)} filters={filters} entries={entries} />
      {trail.isPending
        ? <LoadingRows rows={10} height={44} />
        : trail.isError && entries.length === 0
        ? <ProblemNotice problem={trail.error} onRetry={anew} />
        : entries.length === 0
        ? <EmptyState icon={<IconHistory size={26} />} title={t("empty.title")} detail={t("empty.detail")} />
        : <Days entries={entries} timeZone={timeZone} />}
      {trail.isError && entries.length > 0 && (
        <ProblemNotice
          problem={trail.error}
          onRetry={() => void trail.fetchNextPage()}
        />
      )}
      <div className={styles.foot}>
        {trail.hasNextPage
          ? (
            <Button
              variant="default"
              size="md"
              loading={trail.isFetchingNextPage}
              onClick={() => void trail.fetchNextPage()}
            >
              {t("more")}
            </Button>
          )
          : entries.length > 0 && Object.keys(filters).length === 0 && <p>{t("end")}</p>}
      </div>
    </div>
  );
}

function Days({ entries, timeZone }: { entries: readonly AuditEntry[]; timeZone: string }) {
  const iso = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  const days = Map.groupBy(entries, ({ at }) => iso.format(new Date(at)));
  return [...days].map(([day, of]) => (
    <section key={day} aria-labelledby={`day-${day}`}>
      <h2 id={`day-${day}`} className={styles.day}>{dayName(day)}</h2>
      <ol className={styles.entries}>
        {of.map((entry) => <Entry key={entry.id} entry={entry} timeZone={timeZone} />)}
      </ol>
    </section>
  ));
}
