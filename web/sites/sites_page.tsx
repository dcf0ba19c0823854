import { Button } from "@mantine/core";
import { IconBuildingWarehouse, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../server/sites/schema.ts";
import { useCan } from "../session.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { ThingTable } from "../ui/thing_table.tsx";
import { sitesQuery } from "./queries.ts";
import { SiteDrawer } from "./site_drawer.tsx";

/** The depots and shops deliveries start from. */
export function SitesPage() {
  const { t } = useTranslation("sites");
  const mayWrite = useCan("sites.write");
  const [openId, setOpenId] = useState<string | "new" | null>(null);
  const sites = useQuery(sitesQuery);
  const add = (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setOpenId("new")}>
      {t("add")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} lead={t("lead")} actions={mayWrite && add} />
      <Panel flush>
        {sites.isPending
          ? <LoadingRows rows={3} height={58} />
          : sites.isError
          ? <ProblemNotice problem={sites.error} onRetry={() => void sites.refetch()} />
          : sites.data.length === 0
          ? (
            <EmptyState
              icon={<IconBuildingWarehouse size={26} />}
              title={t("empty.title")}
              detail={t("empty.detail")}
              action={mayWrite && add}
            />
          )
          : (
            <ThingTable
              label={t("title")}
              things={sites.data}
              keyOf={({ id }) => id}
              name={{
                head: t("name"),
                cell: ({ name }) => name,
                under: (site) => address(site) ?? t("noAddress"),
              }}
              columns={[
                { head: t("timeZone"), cell: ({ timeZone }) => timeZone, wideOnly: true },
                {
                  head: t("state"),
                  cell: ({ active }) =>
                    active ? <Tag tone="green">{t("active")}</Tag> : <Tag>{t("inactive")}</Tag>,
                },
              ]}
              onOpen={mayWrite ? ({ id }) => setOpenId(id) : undefined}
              faded={({ active }) => !active}
            />
          )}
      </Panel>
      {openId !== null && (
        <SiteDrawer
          key={openId}
          site={sites.data?.find(({ id }) => id === openId) ?? null}
          onClose={() => setOpenId(null)}
        />
      )}
    </>
  );
}

function address({ street, postcode, city }: Site): string | null {
  const town = [postcode, city].filter((part) => part !== null).join(" ");
  const whole = [street, town].filter(Boolean).join(", ");
  return whole === "" ? null : whole;
}
