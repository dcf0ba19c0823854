import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Directory, ShownDirectoryKey } from "../../server/access/directory/schema.ts";
import type { Provider } from "../../server/access/sso/schema.ts";
import { api } from "../api.ts";
import { useCan, useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { CopyField } from "../ui/copy_field.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./directory_drawer.module.css";
import { directoryQuery } from "./queries.ts";

/** What a provider's directory sends of people and groups (SCIM), and the key it does so by. */
export function DirectoryDrawer({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const { t } = useTranslation("singleSignOn");
  const directory = useQuery(directoryQuery(provider.id));
  return (
    <FormDrawer opened onClose={onClose} title={t("directory.title", { name: provider.name })}>
      <p className={form.hint}>{t("directory.lead")}</p>
      {directory.isPending
        ? <LoadingRows rows={3} height={48} />
        : directory.isError
        ? <ProblemNotice problem={directory.error} onRetry={() => void directory.refetch()} />
        : <Connection provider={provider} directory={directory.data} />}
    </FormDrawer>
  );
}

function Connection({ provider, directory }: { provider: Provider; directory: Directory }) {
  const { t } = useTranslation("singleSignOn");
  const mayWrite = useCan("sso.write");
  const queries = useQueryClient();
  const [token, setToken] = useState<string | null>(null);
  const [asks, setAsks] = useState<"renew" | "end" | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const at = `/sso/providers/${provider.id}/directory/key`;
  const reload = () => queries.invalidateQueries({ queryKey: directoryQuery(provider.id).queryKey });
  const make = async () => {
    setToken((await api.post<z.infer<typeof ShownDirectoryKey>>(at, {})).token);
    await reload();
  };
  const end = async () => {
    await api.delete(at);
    setToken(null);
    tell(t("directory.ended"));
    await reload();
  };
  return (
    <>
      {provider.settings.rolesFrom !== "directory" && <p>{t("directory.notRoles")}</p>}
      <CopyField label={t("directory.address")} value={directory.address} />
      {token !== null && (
        <div role="status">
          <CopyField label={t("directory.token")} description={t("directory.tokenLead")} value={token} />
        </div>
      )}
      <KeyFacts directory={directory} />
      {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
      {mayWrite && (
        <div className={styles.acts}>
          <Button
            loading={busy}
            variant={directory.key === null ? "filled" : "default"}
            onClick={() => directory.key === null ? void submit(make) : setAsks("renew")}
          >
            {t(directory.key === null ? "directory.make" : "directory.renew")}
          </Button>
          {directory.key !== null && (
            <Button
              variant="subtle"
              color="red"
              onClick={() => setAsks("end")}
              aria-haspopup="dialog"
            >
              {t("directory.end")}
            </Button>
          )}
        </div>
      )}
      <Groups directory={directory} />
      {(["renew", "end"] as const).map((act) => (
        <ConfirmDialog
          key={act}
          opened={asks === act}
          onClose={() => setAsks(null)}
          title={t(`directory.${act}Title`)}
          act={t(`directory.${act}`)}
          onConfirm={act === "renew" ? make : end}
          grave
        >
          {t(`directory.${act}Detail`)}
        </ConfirmDialog>
      ))}
    </>
  );
}

function KeyFacts({ directory: { key, users, withAccount } }: { directory: Directory }) {
  const { t } = useTranslation("singleSignOn");
  const { timeZone } = useMe().company;
  return (
    <dl className={styles.facts}>
      <dt>{t("directory.key")}</dt>
      <dd>{key === null ? t("directory.keyNone") : `${key.start}…`}</dd>
      {key !== null && (
        <>
          <dt>{t("directory.expires")}</dt>
          <dd>
            <DateText at={key.expiresAt} timeZone={timeZone} />
          </dd>
          <dt>{t("directory.lastUsed")}</dt>
          <dd>
            {key.lastUsedAt === null
              ? t("directory.neverUsed")
              : <DateText at={key.lastUsedAt} timeZone={timeZone} />}
          </dd>
        </>
      )}
      <dt>{t("directory.people")}</dt>
      <dd>{t("directory.peopleCount", { count: users, withAccount })}</dd>
    </dl>
  );
}

function Groups({ directory: { groups } }: { directory: Directory }) {
  const { t } = useTranslation("singleSignOn");
  if (groups.length === 0) return <p className={form.hint}>{t("directory.groupsNone")}</p>;
  return (
    <div>
      <h3 className={styles.heading}>{t("directory.groups")}</h3>
      <ul className={styles.groups}>
        {groups.map(({ name, members, mapped }) => (
          <li key={name}>
            <span className={styles.name}>{name}</span>
            <span className={styles.members}>{t("directory.members", { count: members })}</span>
            <Tag tone={mapped ? "green" : "gray"}>
              {t(mapped ? "directory.mapped" : "directory.unmapped")}
            </Tag>
          </li>
        ))}
      </ul>
    </div>
  );
}
