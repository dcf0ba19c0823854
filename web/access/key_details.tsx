import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ApiKey } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { useCan, useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { tell } from "../ui/notices.ts";
import { DateText } from "../ui/times.tsx";
import { keysQuery } from "./keys.ts";

/** What an API key may do and how it is used; from here it can be ended. */
export function KeyDetails({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { t, i18n } = useTranslation(["access", "common"]);
  const { timeZone } = useMe().company;
  const mayWrite = useCan("keys.write");
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery);
  const [ending, setEnding] = useState(false);
  const name = apiKey.name ?? t("common:erased");
  const end = async () => {
    await api.delete(`/keys/${apiKey.id}`);
    await queries.invalidateQueries({ queryKey: keysQuery.queryKey });
    tell(t("keys.ended"));
    onClose();
  };
  return (
    <>
      <FormDrawer
        opened
        onClose={onClose}
        title={name}
        asides={mayWrite && apiKey.state === "active" && (
          <Button
            variant="light"
            color="red"
            onClick={() => setEnding(true)}
            aria-haspopup="dialog"
          >
            {t("keys.end")}
          </Button>
        )}
      >
        <dl className={form.facts}>
          <dt>{t("keys.start")}</dt>
          <dd>
            <code>{apiKey.start}…</code>
          </dd>
          <dt>{t("keys.rights")}</dt>
          <dd>{apiKey.rights.map((right) => t(`keys.right.${right}`)).join("; ")}</dd>
          <dt>{t("keys.sites")}</dt>
          <dd>
            {apiKey.siteIds.map((id) => sites.data?.find((site) => site.id === id)?.name ?? "…").join(", ")}
          </dd>
          <dt>{t("keys.perMinute")}</dt>
          <dd>{new Intl.NumberFormat(i18n.language).format(apiKey.perMinute)}</dd>
          <dt>{t("keys.made")}</dt>
          <dd>
            <DateText at={apiKey.createdAt} timeZone={timeZone} />
          </dd>
          <dt>{t("keys.lastUsed")}</dt>
          <dd>
            {apiKey.lastUsedAt === null
              ? t("common:never")
              : <DateText at={apiKey.lastUsedAt} timeZone={timeZone} />}
          </dd>
          <dt>{t("keys.expires")}</dt>
          <dd>
            <DateText at={apiKey.expiresAt} timeZone={timeZone} />
          </dd>
        </dl>
      </FormDrawer>
      <ConfirmDialog
        opened={ending}
        onClose={() => setEnding(false)}
        title={t("keys.endTitle", { name })}
        act={t("keys.end")}
        onConfirm={end}
        grave
      >
        {t("keys.endDetail")}
      </ConfirmDialog>
    </>
  );
}
