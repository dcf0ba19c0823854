import { Button } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Import, ImportState } from "../../server/deliveries/import/schema.ts";
import { sitesQuery } from "../sites/queries.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import type { Tone } from "../ui/theme.ts";
import { ThingTable } from "../ui/thing_table.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./history.module.css";
import { importsQuery } from "./queries.ts";

const tones: Record<ImportState, Tone> = {
  previewed: "amber",
  waiting: "blue",
  running: "blue",
  done: "green",
  refused: "red",
  failed: "red",
};

interface HistoryProps {
  /** The import the page shows above, which the list need not offer. */
  current: string | null;
  onOpen: (run: Import) => void;
}

/** Every import of the reader's sites, newest first; each opens what was read or what became of it. */
export function History({ current, onOpen }: HistoryProps) {
  const { t } = useTranslation("imports");
  const imports = useInfiniteQuery(importsQuery);
  const sites = useQuery(sitesQuery);
  const items = imports.data?.pages.flatMap((page) => page.items).filter(({ id }) => id !== current) ?? [];
  // The first import, while it is shown above, leaves nothing to list.
  if (current !== null && imports.isSuccess && items.length === 0) return null;
  return (
    <Panel title={t("history.title")} flush>
      {imports.isPending
        ? <LoadingRows rows={4} height={56} />
        : imports.isError
        ? <ProblemNotice problem={imports.error} onRetry={() => void imports.refetch()} />
        : items.length === 0
        ? (
          <EmptyState
            icon={<IconFileImport size={26} />}
            title={t("history.empty")}
            detail={t("history.emptyDetail")}
          />
        )
        : (
          <ThingTable
            label={t("history.title")}
            things={items}
            keyOf={({ id }) => id}
            name={{
              head: t("history.file"),
              cell: ({ fileName }) => fileName ?? t("result.erasedFile"),
              under: ({ createdAt }) => <DateText at={createdAt} />,
            }}
            columns={[
              {
                head: t("history.site"),
                cell: ({ siteId }) => sites.data?.find(({ id }) => id === siteId)?.name ?? "…",
                wideOnly: true,
              },
              { head: t("history.orders"), cell: (run) => <Summary run={run} />, wideOnly: true },
              {
                head: t("history.state"),
                cell: ({ state }) => <Tag tone={tones[state]}>{t(`state.${state}`)}</Tag>,
              },
            ]}
            onOpen={onOpen}
          />
        )}
      {imports.hasNextPage && (
        <div className={styles.more}>
          <Button
            variant="default"
            loading={imports.isFetchingNextPage}
            onClick={() => void imports.fetchNextPage()}
          >
            {t("history.more")}
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** What became of a file in a few words: `240 new, 12 updated, 3 faults`. */
function Summary({ run: { state, orders, created, updated, unchanged, faultCount } }: { run: Import }) {
  const { t } = useTranslation("imports");
  const counts = state === "done"
    ? [
      created > 0 && t("history.made", { count: created }),
      updated > 0 && t("history.changed", { count: updated }),
      unchanged > 0 && t("history.same", { count: unchanged }),
    ]
    : [t("history.read", { count: orders })];
  const words = [...counts, faultCount > 0 && t("faults.title", { count: faultCount })].filter(Boolean);
  return <>{words.join(", ") || t("history.none")}</>;
}
