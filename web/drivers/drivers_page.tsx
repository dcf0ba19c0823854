import { Button, TextInput } from "@mantine/core";
import { IconId, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Driver } from "../../server/drivers/schema.ts";
import { InvitationDrawer } from "../access/invitation_drawer.tsx";
import { useCan } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { ThingTable } from "../ui/thing_table.tsx";
import { DriverDrawer } from "./driver_drawer.tsx";
import styles from "./drivers_page.module.css";
import { driversQuery, vehiclesQuery } from "./queries.ts";

/** From this many drivers on, the list can be searched. */
const MANY = 12;

/** The people who drive: how to reach them, where they start, and whether they can sign in. */
export function DriversPage() {
  const { t } = useTranslation(["drivers", "common"]);
  const mayWrite = useCan("drivers.write");
  const [openId, setOpenId] = useState<string | "new" | null>(null);
  const [inviting, setInviting] = useState<Driver | null>(null);
  const [words, setWords] = useState("");
  const drivers = useQuery(driversQuery);
  const found = drivers.data?.filter((driver) => matches(driver, words)) ?? [];
  const add = (
    <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setOpenId("new")}>
      {t("add")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} lead={t("lead")} actions={mayWrite && add} />
      {drivers.isSuccess && drivers.data.length >= MANY && (
        <TextInput
          className={styles.search}
          type="search"
          aria-label={t("search")}
          placeholder={t("search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <Panel flush>
        {drivers.isPending
          ? <LoadingRows height={58} />
          : drivers.isError
          ? <ProblemNotice problem={drivers.error} onRetry={() => void drivers.refetch()} />
          : drivers.data.length === 0
          ? (
            <EmptyState
              icon={<IconId size={26} />}
              title={t("empty.title")}
              detail={t("empty.detail")}
              action={mayWrite && add}
            />
          )
          : found.length === 0
          ? <EmptyState icon={<IconSearch size={26} />} title={t("none", { words })} />
          : <DriverTable drivers={found} onOpen={mayWrite ? ({ id }) => setOpenId(id) : undefined} />}
      </Panel>
      {openId !== null && (
        <DriverDrawer
          key={openId}
          driver={drivers.data?.find(({ id }) => id === openId) ?? null}
          onClose={() => setOpenId(null)}
          onInvite={(driver) => {
            setOpenId(null);
            setInviting(driver);
          }}
        />
      )}
      {inviting !== null && <InvitationDrawer driver={inviting} onClose={() => setInviting(null)} />}
    </>
  );
}

interface DriverTableProps {
  drivers: Driver[];
  onOpen?: (driver: Driver) => void;
}

function DriverTable({ drivers, onOpen }: DriverTableProps) {
  const { t } = useTranslation(["drivers", "common"]);
  const sites = useQuery(sitesQuery);
  const vehicles = useQuery(vehiclesQuery);
  return (
    <ThingTable
      label={t("title")}
      things={drivers}
      keyOf={({ id }) => id}
      name={{
        head: t("name"),
        cell: ({ name }) => name ?? t("common:erased"),
        under: ({ phone, email }) => phone ?? email,
      }}
      columns={[
        { head: t("site"), cell: ({ siteId }) => nameIn(sites.data, siteId), wideOnly: true },
        {
          head: t("vehicle"),
          cell: ({ vehicleId }) => vehicleId === null ? t("noVehicle") : nameIn(vehicles.data, vehicleId),
          wideOnly: true,
        },
        {
          head: t("account"),
          cell: ({ accountId }) => accountId === null ? t("noAccount") : t("hasAccount"),
          wideOnly: true,
        },
        {
          head: t("state"),
          cell: ({ active }) => active ? <Tag tone="green">{t("active")}</Tag> : <Tag>{t("inactive")}</Tag>,
        },
      ]}
      onOpen={onOpen}
      faded={({ active }) => !active}
    />
  );
}

const nameIn = (things: { id: string; name: string }[] | undefined, id: string): string =>
  things?.find((thing) => thing.id === id)?.name ?? "…";

function matches({ name, phone, email }: Driver, words: string): boolean {
  const text = [name, phone, email].join(" ").toLocaleLowerCase();
  return words.toLocaleLowerCase().split(/\s+/).every((word) => text.includes(word));
}
