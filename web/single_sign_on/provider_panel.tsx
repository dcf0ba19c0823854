import { Button, Loader } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Provider, ProviderEdit, ProviderReport } from "../../server/access/sso/schema.ts";
import { api } from "../api.ts";
import { useCan, useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { DateText } from "../ui/times.tsx";
import { CheckList } from "./check_list.tsx";
import { DirectoryDrawer } from "./directory_drawer.tsx";
import styles from "./provider_panel.module.css";
import { providersQuery } from "./queries.ts";
import { TryButton } from "./try_button.tsx";
import { Verdict } from "./verdict.tsx";

/** One provider: how it stands, and what can be done with it. */
export function ProviderPanel({ provider }: { provider: Provider }) {
  const { t } = useTranslation("singleSignOn");
  const mayWrite = useCan("sso.write");
  const [isOpen, setOpen] = useState(false);
  const { name, enabled, source, triedAt } = provider;
  const step = enabled ? triedAt === null ? "changed" : null : triedAt === null ? "new" : "ready";
  return (
    <Panel
      title={name}
      actions={
        <div className={styles.tags}>
          <Tag tone={enabled ? "green" : "gray"}>{t(enabled ? "provider.enabled" : "provider.disabled")}</Tag>
          <Tag tone={triedAt === null ? "amber" : "green"}>
            {t(triedAt === null ? "provider.untried" : "provider.tried")}
          </Tag>
          {source === "file" && <Tag tone="blue">{t("provider.fromFile")}</Tag>}
        </div>
      }
    >
      <div className={styles.body}>
        <Facts provider={provider} />
        {mayWrite && step !== null && <p>{t(`provider.steps.${step}`)}</p>}
        {mayWrite
          ? <Acts provider={provider} onDirectory={() => setOpen(true)} />
          : (
            <div className={styles.acts}>
              <Settings {...provider} />
              <DirectoryButton onClick={() => setOpen(true)} />
            </div>
          )}
        {isOpen && <DirectoryDrawer provider={provider} onClose={() => setOpen(false)} />}
      </div>
    </Panel>
  );
}

function Facts({ provider: { issuer, people, triedAt } }: { provider: Provider }) {
  const { t } = useTranslation("singleSignOn");
  const { timeZone } = useMe().company;
  return (
    <dl className={styles.facts}>
      <dt>{t("provider.issuer")}</dt>
      <dd>{issuer}</dd>
      <dt>{t("provider.people")}</dt>
      <dd>
        {people === 0 ? t("provider.peopleNone") : t("provider.peopleCount", { count: people })}
      </dd>
      <dt>{t("provider.triedAt")}</dt>
      <dd>{triedAt === null ? t("provider.triedNever") : <DateText at={triedAt} timeZone={timeZone} />}</dd>
    </dl>
  );
}

function Settings({ id, source }: Provider) {
  const { t } = useTranslation("singleSignOn");
  const mayWrite = useCan("sso.write");
  const mayEdit = mayWrite && source === "page";
  return (
    <LinkButton from="/single-sign-on" search={{ provider: id }} variant="default">
      {t(mayEdit ? "provider.edit" : "provider.show")}
    </LinkButton>
  );
}

function DirectoryButton({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation("singleSignOn");
  return <Button variant="default" onClick={onClick} aria-haspopup="dialog">{t("directory.open")}</Button>;
}

function Acts({ provider, onDirectory }: { provider: Provider; onDirectory: () => void }) {
  const { t } = useTranslation("singleSignOn");
  const { id, name, enabled, source, triedAt, version } = provider;
  const queries = useQueryClient();
  const [asks, setAsks] = useState<"enable" | "disable" | "remove" | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const check = useMutation({
    // What was said of another version is none of this one's.
    mutationFn: (_version: number) => api.post<z.infer<typeof ProviderReport>>(`/sso/providers/${id}/check`),
  });
  const reload = () => queries.invalidateQueries({ queryKey: providersQuery.queryKey });
  const turn = async (enabled: boolean) => {
    const edit: z.infer<typeof ProviderEdit> = { enabled };
    try {
      await api.patch<Provider>(`/sso/providers/${id}`, edit, { ifMatch: version });
      tell(t(enabled ? "provider.nowEnabled" : "provider.nowDisabled"));
    } finally {
      await reload();
    }
  };
  const remove = async () => {
    await api.delete(`/sso/providers/${id}`);
    tell(t("provider.removed"));
    await reload();
  };
  const confirm = { enable: () => turn(true), disable: () => turn(false), remove };
  return (
    <>
      <div className={styles.acts}>
        <Settings {...provider} />
        <Button variant="default" loading={check.isPending} onClick={() => check.mutate(version)}>
          {t("provider.check")}
        </Button>
        <TryButton
          provider={provider}
          variant={triedAt === null ? "filled" : "default"}
          onUnavailable={() => check.mutate(version)}
        />
        <DirectoryButton onClick={onDirectory} />
        {source === "page" && (
          <>
            {enabled
              ? (
                <Button variant="default" onClick={() => setAsks("disable")} aria-haspopup="dialog">
                  {t("provider.disable")}
                </Button>
              )
              : (
                <Button
                  variant={triedAt === null ? "default" : "filled"}
                  loading={busy}
                  onClick={() => triedAt === null ? setAsks("enable") : void submit(() => turn(true))}
                >
                  {t("provider.enable")}
                </Button>
              )}
            <Button variant="subtle" color="red" onClick={() => setAsks("remove")} aria-haspopup="dialog">
              {t("provider.remove")}
            </Button>
          </>
        )}
      </div>
      {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
      {check.variables === version && <CheckResult check={check} />}
      {(["enable", "disable", "remove"] as const).map((act) => (
        <ConfirmDialog
          key={act}
          opened={asks === act}
          onClose={() => setAsks(null)}
          title={t(`provider.${act}Title`, { name })}
          act={t(`provider.${act}`)}
          onConfirm={confirm[act]}
          grave={act !== "enable"}
        >
          {t(`provider.${act}Detail`)}
        </ConfirmDialog>
      ))}
    </>
  );
}

interface CheckResultProps {
  check: { isPending: boolean; error: unknown; data?: z.infer<typeof ProviderReport> | undefined };
}

function CheckResult({ check: { isPending, error, data } }: CheckResultProps) {
  const { t } = useTranslation("singleSignOn");
  if (isPending) {
    return (
      <p className={styles.checking} role="status">
        <Loader size={14} aria-hidden /> {t("provider.checking")}
      </p>
    );
  }
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return null;
  const outcome = !data.passed
    ? "failed"
    : data.checks.some(({ outcome }) => outcome === "warned")
    ? "warned"
    : "passed";
  return (
    <div className={styles.result}>
      <Verdict outcome={outcome} title={t(`checks.${outcome}`)} />
      <CheckList checks={data.checks} />
    </div>
  );
}
