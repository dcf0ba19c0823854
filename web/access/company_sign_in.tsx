import { Button } from "@mantine/core";
import { IconBuilding, IconCircleCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { OwnSso } from "../../server/access/sso/schema.ts";
import { api } from "../api.ts";
import { accountRoute } from "../router.tsx";
import { useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./account_page.module.css";
import { RefusedByProvider } from "./refused_by_provider.tsx";
import { leaveFor, ownSsoQuery, type Provider, wayTo } from "./sso.ts";

type Connected = OwnSso["connected"][number];

/** The company's providers that open the reader's account, and those that could; left out where there are none. */
export function CompanySignIn() {
  const { t } = useTranslation("access");
  const own = useQuery(ownSsoQuery);
  const queries = useQueryClient();
  const { connected: now, refused, by } = accountRoute.useSearch();
  const [removing, setRemoving] = useState<Connected | null>(null);
  const { refusal, submit } = useSubmit();
  if (own.isPending) return null;
  if (own.isError) {
    return (
      <Panel title={t("companySignIn.title")}>
        <ProblemNotice problem={own.error} onRetry={() => void own.refetch()} />
      </Panel>
    );
  }
  const { connected, others } = own.data;
  if (connected.length + others.length === 0) return null;
  const nameOf = (slug?: string) => [...connected, ...others].find((known) => known.slug === slug)?.name;
  const isNew = connected.some(({ slug }) => slug === now);
  const connect = (provider: Provider) => submit(async () => leaveFor(await wayTo(provider, "connect")));
  const remove = async ({ id }: Connected) => {
    await api.delete(`/sso/own/${id}`);
    await queries.invalidateQueries({ queryKey: ownSsoQuery.queryKey });
    await queries.invalidateQueries({ queryKey: ["session", "all"] });
    tell(t("companySignIn.removed"));
  };

  return (
    <Panel title={t("companySignIn.title")} lead={t("companySignIn.lead")} flush>
      {(isNew || refused !== undefined || refusal.problem !== null) && (
        <div className={styles.news}>
          {refusal.problem !== null
            ? <ProblemNotice problem={refusal.problem} />
            : refused !== undefined
            ? <RefusedByProvider reason={refused} name={nameOf(by)} act="connect" />
            : (
              <p className={styles.done} role="status">
                <IconCircleCheck size={18} aria-hidden />
                {t("companySignIn.connected", { name: nameOf(now) })}
              </p>
            )}
        </div>
      )}
      <ul className={styles.rows}>
        {connected.map((provider) => (
          <ConnectedRow
            key={provider.id}
            provider={provider}
            onRemove={() => setRemoving(provider)}
          />
        ))}
        {others.map((provider) => (
          <OtherRow
            key={provider.slug}
            provider={provider}
            onConnect={() => connect(provider)}
          />
        ))}
      </ul>
      <ConfirmDialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t("companySignIn.removeTitle", { name: removing?.name })}
        act={t("companySignIn.remove")}
        onConfirm={() => removing === null ? Promise.resolve() : remove(removing)}
        grave
      >
        {t("companySignIn.removeDetail")}
      </ConfirmDialog>
    </Panel>
  );
}

function ConnectedRow({ provider, onRemove }: { provider: Connected; onRemove: () => void }) {
  const { t } = useTranslation("access");
  const { timeZone } = useMe().company;
  const { name, createdAt, lastUsedAt } = provider;
  return (
    <li className={styles.row}>
      <IconBuilding size={22} stroke={1.5} aria-hidden />
      <div className={styles.what}>
        <p className={styles.name}>{name}</p>
        <p className={styles.lead}>
          {t("companySignIn.since")} <DateText at={createdAt} timeZone={timeZone} />
          {" · "}
          {lastUsedAt === null ? t("companySignIn.unused") : (
            <>
              {t("account.lastUsed")} <DateText at={lastUsedAt} timeZone={timeZone} />
            </>
          )}
        </p>
      </div>
      <Button
        variant="default"
        size="xs"
        onClick={onRemove}
        aria-haspopup="dialog"
        aria-label={t("companySignIn.removeOne", { name })}
      >
        {t("companySignIn.remove")}
      </Button>
    </li>
  );
}

function OtherRow({ provider, onConnect }: { provider: Provider; onConnect: () => Promise<unknown> }) {
  const { t } = useTranslation("access");
  const [busy, setBusy] = useState(false);
  const { name } = provider;
  const connect = async () => {
    setBusy(true);
    await onConnect().finally(() => setBusy(false));
  };
  return (
    <li className={styles.row}>
      <IconBuilding size={22} stroke={1.5} aria-hidden />
      <div className={styles.what}>
        <p className={styles.name}>{name}</p>
        <p className={styles.lead}>{t("companySignIn.notConnected")}</p>
      </div>
      <Button
        variant="default"
        size="xs"
        loading={busy}
        onClick={() => void connect()}
        aria-label={t("companySignIn.connectOne", { name })}
      >
        {t("companySignIn.connect")}
      </Button>
    </li>
  );
}
