import { Anchor, Button } from "@mantine/core";
import { IconPlugConnected, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiKey } from "../../server/access/schema.ts";
import { useCan, useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import type { Tone } from "../ui/theme.ts";
import { ThingTable } from "../ui/thing_table.tsx";
import { DateText } from "../ui/times.tsx";
import { KeyDetails } from "./key_details.tsx";
import { KeyDrawer } from "./key_drawer.tsx";
import { keysQuery } from "./keys.ts";

/** So long before its end a key is marked, so that its program gets a new one in time. */
const SOON_MS = 14 * 86_400_000;

type State = ApiKey["state"] | "soon";
const tones: Record<State, Tone> = { active: "green", soon: "amber", expired: "gray", ended: "gray" };
const stateOf = ({ state, expiresAt }: ApiKey): State =>
  state === "active" && Date.parse(expiresAt) - Date.now() < SOON_MS ? "soon" : state;

/** The keys by which programs use the API: what each may do, until when, and whether it is used at all. */
export function KeysPage() {
  const { t } = useTranslation(["access", "common"]);
  const { timeZone } = useMe().company;
  const mayWrite = useCan("keys.write");
  const [making, setMaking] = useState(false);
  const [openId, setOpenId] = useState<string | null>(null);
  const keys = useQuery(keysQuery);
  const sites = useQuery(sitesQuery);
  const siteName = (id: string) => sites.data?.find((site) => site.id === id)?.name ?? "…";
  const open = keys.data?.find(({ id }) => id === openId);
  const add = mayWrite && (
    <Button
      leftSection={<IconPlus size={17} aria-hidden />}
      onClick={() => setMaking(true)}
    >
      {t("keys.add")}
    </Button>
  );

  return (
    <>
      <PageHeader
        title={t("keys.title")}
        lead={
          <>
            {t("keys.lead")}{" "}
            <Anchor href="/api/docs" target="_blank" underline="always">{t("keys.docs")}</Anchor>
          </>
        }
        actions={add}
      />
      <Panel flush>
        {keys.isPending
          ? <LoadingRows height={58} />
          : keys.isError
          ? <ProblemNotice problem={keys.error} onRetry={() => void keys.refetch()} />
          : keys.data.length === 0
          ? (
            <EmptyState
              icon={<IconPlugConnected size={26} />}
              title={t("keys.empty")}
              detail={t("keys.emptyDetail")}
              action={add}
            />
          )
          : (
            <ThingTable
              label={t("keys.title")}
              things={keys.data}
              keyOf={({ id }) => id}
              name={{
                head: t("keys.name"),
                cell: ({ name }) => name ?? t("common:erased"),
                under: ({ start, siteIds }) => `${start}… · ${siteIds.map(siteName).join(", ")}`,
              }}
              columns={[
                {
                  head: t("keys.rights"),
                  cell: ({ rights }) => rights.map((right) => t(`keys.rightShort.${right}`)).join(", "),
                  wideOnly: true,
                },
                {
                  head: t("keys.lastUsed"),
                  cell: ({ lastUsedAt }) =>
                    lastUsedAt === null
                      ? t("common:never")
                      : <DateText at={lastUsedAt} timeZone={timeZone} />,
                  wideOnly: true,
                },
                {
                  head: t("keys.expires"),
                  cell: ({ expiresAt }) => <DateText at={expiresAt} timeZone={timeZone} />,
                  wideOnly: true,
                },
                {
                  head: t("keys.state"),
                  cell: (key) => <Tag tone={tones[stateOf(key)]}>{t(`keys.states.${stateOf(key)}`)}</Tag>,
                },
              ]}
              onOpen={({ id }) => setOpenId(id)}
              faded={({ state }) => state !== "active"}
            />
          )}
      </Panel>
      {making && <KeyDrawer onClose={() => setMaking(false)} />}
      {open !== undefined && <KeyDetails key={open.id} apiKey={open} onClose={() => setOpenId(null)} />}
    </>
  );
}
