import { Button } from "@mantine/core";
import { IconPlus, IconTruck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Vehicle } from "../../server/drivers/schema.ts";
import { locale } from "../i18n/i18n.ts";
import { useCan } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { ThingTable } from "../ui/thing_table.tsx";
import { vehiclesQuery } from "./queries.ts";
import { VehicleDrawer } from "./vehicle_drawer.tsx";

/** What the drivers take, and how much fits in. */
export function VehiclesPage() {
  const { t } = useTranslation("drivers");
  const mayWrite = useCan("drivers.write");
  const [openId, setOpenId] = useState<string | "new" | null>(null);
  const vehicles = useQuery(vehiclesQuery);
  const add = (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setOpenId("new")}>
      {t("vehicles.add")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("vehicles.title")} lead={t("vehicles.lead")} actions={mayWrite && add} />
      <Panel flush>
        {vehicles.isPending
          ? <LoadingRows rows={4} height={58} />
          : vehicles.isError
          ? <ProblemNotice problem={vehicles.error} onRetry={() => void vehicles.refetch()} />
          : vehicles.data.length === 0
          ? (
            <EmptyState
              icon={<IconTruck size={26} />}
              title={t("vehicles.empty.title")}
              detail={t("vehicles.empty.detail")}
              action={mayWrite && add}
            />
          )
          : (
            <VehicleTable
              vehicles={vehicles.data}
              onOpen={mayWrite ? ({ id }) => setOpenId(id) : undefined}
            />
          )}
      </Panel>
      {openId !== null && (
        <VehicleDrawer
          key={openId}
          vehicle={vehicles.data?.find(({ id }) => id === openId) ?? null}
          onClose={() => setOpenId(null)}
        />
      )}
    </>
  );
}

interface VehicleTableProps {
  vehicles: Vehicle[];
  onOpen?: (vehicle: Vehicle) => void;
}

function VehicleTable({ vehicles, onOpen }: VehicleTableProps) {
  const { t } = useTranslation("drivers");
  const sites = useQuery(sitesQuery);
  const number = new Intl.NumberFormat(locale);
  const capacity = ({ capacityKg, capacityUnits }: Vehicle) => {
    const limits = [
      capacityKg === null ? null : t("vehicles.load", { kg: number.format(capacityKg) }),
      capacityUnits === null
        ? null
        : t("vehicles.pieces", { count: capacityUnits, formatted: number.format(capacityUnits) }),
    ].filter((limit) => limit !== null);
    return limits.length === 0 ? t("vehicles.anyLoad") : limits.join(" · ");
  };
  return (
    <ThingTable
      label={t("vehicles.title")}
      things={vehicles}
      keyOf={({ id }) => id}
      name={{
        head: t("vehicles.name"),
        cell: ({ name }) => name,
        under: ({ plate, kind }) => plate ?? t(`vehicles.kinds.${kind}`),
      }}
      columns={[
        { head: t("vehicles.kind"), cell: ({ kind }) => t(`vehicles.kinds.${kind}`), wideOnly: true },
        {
          head: t("vehicles.site"),
          cell: ({ siteId }) => sites.data?.find(({ id }) => id === siteId)?.name ?? "…",
          wideOnly: true,
        },
        { head: t("vehicles.capacity"), cell: capacity, wideOnly: true },
        {
          head: t("vehicles.state"),
          cell: ({ active }) =>
            active ? <Tag tone="green">{t("vehicles.active")}</Tag> : <Tag>{t("vehicles.inactive")}</Tag>,
        },
      ]}
      onOpen={onOpen}
      faded={({ active }) => !active}
    />
  );
}
