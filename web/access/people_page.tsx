import { Anchor, Button } from "@mantine/core";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Account } from "../../server/access/schema.ts";
import { seesAllSites } from "../../server/access/rights.ts";
import type { Page } from "../../server/platform/schema.ts";
import { api } from "../api.ts";
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
import { AccountDrawer } from "./account_drawer.tsx";
import { ElevationList } from "./elevation_list.tsx";
import { InvitationDrawer } from "./invitation_drawer.tsx";

const tones: Record<Account["state"], Tone> = {
  invited: "blue",
  "invitation-expired": "amber",
  active: "green",
  disabled: "gray",
};

/** Who can sign in, with which role, for which sites; and the way to invite the next one. */
export function PeoplePage() {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const mayWrite = useCan("accounts.write");
  const seesElevations = useCan("elevations.read");
  const [openId, setOpenId] = useState<string | null>(null);
  const [inviting, setInviting] = useState(false);
  const sites = useQuery(sitesQuery);
  const accounts = useInfiniteQuery({
    queryKey: ["accounts"],
    queryFn: ({ pageParam }) => api.get<Page<Account>>("/accounts", { query: { cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const people = accounts.data?.pages.flatMap(({ items }) => items) ?? [];
  const open = people.find(({ id }) => id === openId);
  const reach = ({ role, siteIds }: Account) =>
    seesAllSites(role)
      ? t("people.everySite")
      : siteIds.map((id) => sites.data?.find((site) => site.id === id)?.name ?? "…").join(", ");

  return (
    <>
      <PageHeader
        title={t("people.title")}
        lead={
          <>
            {t("people.lead")}{" "}
            <Anchor component={Link} to="/roles" underline="always">{t("people.roles")}</Anchor>
          </>
        }
        actions={mayWrite && (
          <Button
            leftSection={<IconUserPlus size={17} aria-hidden />}
            onClick={() => setInviting(true)}
          >
            {t("people.invite")}
          </Button>
        )}
      />
      {seesElevations && <ElevationList />}
      <Panel flush>
        {accounts.isPending
          ? <LoadingRows height={58} />
          : accounts.isError
          ? <ProblemNotice problem={accounts.error} onRetry={() => void accounts.refetch()} />
          : people.length === 0
          ? (
            <EmptyState
              icon={<IconUsers size={26} />}
              title={t("people.empty.title")}
              detail={t("people.empty.detail")}
            />
          )
          : (
            <ThingTable
              label={t("people.title")}
              things={people}
              keyOf={({ id }) => id}
              name={{
                head: t("people.name"),
                cell: ({ id, name }) => (
                  <>
                    {name ?? t("common:erased")}
                    {id === me.accountId && ` (${t("people.you")})`}
                  </>
                ),
                under: ({ email }) => email,
              }}
              columns={[
                { head: t("people.role"), cell: ({ role }) => t(`common:roles.${role}`) },
                { head: t("people.sites"), cell: reach, wideOnly: true },
                {
                  head: t("people.state"),
                  cell: ({ state, recoveryAskedBy }) => (
                    <>
                      <Tag tone={tones[state]}>{t(`people.states.${state}`)}</Tag>
                      {recoveryAskedBy !== null && <Tag tone="amber">{t("people.letInTag")}</Tag>}
                    </>
                  ),
                },
                {
                  head: t("people.lastSignIn"),
                  cell: ({ lastSignInAt }) =>
                    lastSignInAt === null
                      ? t("common:never")
                      : <DateText at={lastSignInAt} timeZone={me.company.timeZone} />,
                  wideOnly: true,
                },
              ]}
              onOpen={mayWrite ? ({ id }) => setOpenId(id) : undefined}
              faded={({ state }) => state === "disabled"}
            />
          )}
      </Panel>
      {accounts.hasNextPage && (
        <Button
          variant="default"
          loading={accounts.isFetchingNextPage}
          onClick={() => accounts.fetchNextPage()}
        >
          {t("common:more")}
        </Button>
      )}
      {inviting && <InvitationDrawer onClose={() => setInviting(false)} />}
      {open !== undefined && <AccountDrawer key={open.id} account={open} onClose={() => setOpenId(null)} />}
    </>
  );
}
