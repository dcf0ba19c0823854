import { Button } from "@mantine/core";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./account_page.module.css";

/** Where the reader is signed in; any session can be ended from here, or all of them. */
export function Sessions() {
  const { t } = useTranslation("access");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [ending, setEnding] = useState<Session | "all" | null>(null);
  const sessions = useQuery({
    queryKey: ["session", "all"],
    queryFn: () => api.get<{ items: Session[] }>("/sessions"),
  });

  const end = async (session: Session) => {
    await api.delete(`/sessions/${session.id}`);
    await queries.invalidateQueries({ queryKey: ["session", "all"] });
    tell(t("account.ended"));
  };
  const endAll = async () => {
    await api.delete("/sessions");
    await navigate({ to: "/sign-in", search: { reason: "signed-out" } });
    queries.clear();
  };

  return (
    <Panel
      title={t("account.sessions")}
      lead={t("account.sessionsLead")}
      actions={
        <Button variant="default" onClick={() => setEnding("all")} aria-haspopup="dialog">
          {t("account.everywhere")}
        </Button>
      }
      flush
    >
      {sessions.isPending
        ? <LoadingRows rows={2} height={64} />
        : sessions.isError
        ? <ProblemNotice problem={sessions.error} onRetry={() => void sessions.refetch()} />
        : (
          <ul className={styles.rows}>
            {sessions.data.items.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                onEnd={() => setEnding(session)}
              />
            ))}
          </ul>
        )}
      <ConfirmDialog
        opened={ending !== null && ending !== "all"}
        onClose={() => setEnding(null)}
        title={t("account.endTitle")}
        act={t("account.end")}
        onConfirm={() => ending === null || ending === "all" ? Promise.resolve() : end(ending)}
      >
        {ending !== null && ending !== "all" && t("account.endDetail", { device: ending.device })}
      </ConfirmDialog>
      <ConfirmDialog
        opened={ending === "all"}
        onClose={() => setEnding(null)}
        title={t("account.everywhereTitle")}
        act={t("account.everywhere")}
        onConfirm={endAll}
      >
        {t("account.everywhereDetail")}
      </ConfirmDialog>
    </Panel>
  );
}

function SessionRow({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const { t } = useTranslation("access");
  const { timeZone } = useMe().company;
  const Icon = /android|iphone|ipad|mobile/i.test(session.device) ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <li className={styles.row}>
      <Icon size={22} stroke={1.5} aria-hidden />
      <div className={styles.what}>
        <p className={styles.name}>
          {session.device}
          {session.current && <Tag tone="petrol">{t("account.thisOne")}</Tag>}
        </p>
        <p className={styles.lead}>
          {t("account.lastUsed")} <DateText at={session.lastUsedAt} timeZone={timeZone} />
          {session.address !== null && ` ${t("account.from", { address: session.address })}`}
          {" · "}
          {t("account.signedIn")} <DateText at={session.signedInAt} timeZone={timeZone} />
        </p>
      </div>
      {!session.current && (
        <Button variant="default" size="xs" onClick={onEnd} aria-haspopup="dialog">{t("account.end")}</Button>
      )}
    </li>
  );
}
