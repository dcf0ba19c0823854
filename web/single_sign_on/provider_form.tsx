import { Anchor, Button } from "@mantine/core";
import { IconAlertTriangle, IconChevronLeft } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Provider } from "../../server/access/sso/schema.ts";
import { api } from "../api.ts";
import { LeaveGuard } from "../orders/leave_guard.tsx";
import { useCan } from "../session.ts";
import { useSubmit } from "../ui/faults.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { tell } from "../ui/notices.ts";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { ClientFields } from "./client_fields.tsx";
import { type Draft, toBeChanged, toBeMade } from "./draft.ts";
import type { FieldsProps } from "./fields.ts";
import { MoreSettings } from "./more_settings.tsx";
import styles from "./provider_form.module.css";
import { providersQuery } from "./queries.ts";
import { RegistrationFields } from "./registration_fields.tsx";
import { RoleMapping } from "./role_mapping.tsx";
import { SecondFactorFields } from "./second_factor_fields.tsx";

/** What has a field of its own here, so that its faults stand there. */
const fields = ["slug", "name", "issuer", "clientId", "clientSecret", "settings"];

interface ProviderFormProps {
  start: Draft;
  /** Left out: it is set up anew. */
  provider?: Provider;
  /** A group of a trial that is being mapped: its row takes the focus. */
  mapped?: string;
}

/** Everything about one provider, in the order somebody goes through it who has the provider's console beside. */
export function ProviderForm({ start, provider, mapped }: ProviderFormProps) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const navigate = useNavigate({ from: "/single-sign-on" });
  const queries = useQueryClient();
  const mayWrite = useCan("sso.write");
  const [draft, setDraft] = useState(start);
  // What is changed is what was opened, whatever came in the meantime.
  const [version] = useState(provider?.version);
  const [isSaved, setSaved] = useState(false);
  const { busy, refusal, submit } = useSubmit();
  const isReadOnly = !mayWrite || provider?.source === "file";
  const presetName = t(`presets.${draft.preset}.name`);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const isDone = await submit(async () => {
      if (provider) {
        await api.patch(`/sso/providers/${provider.id}`, toBeChanged(draft), { ifMatch: version });
      } else await api.post("/sso/providers", toBeMade(draft));
    });
    if (!isDone) return;
    await queries.invalidateQueries({ queryKey: providersQuery.queryKey });
    setSaved(true);
    tell(t(provider ? "form.saved" : "form.added"));
    await navigate({ search: {} });
  };
  const given: FieldsProps = {
    draft,
    set: (change) => setDraft({ ...draft, ...change }),
    setSettings: (change) => setDraft({ ...draft, settings: { ...draft.settings, ...change } }),
    refusal,
    isReadOnly,
  };

  return (
    <div className={styles.page}>
      <PageHeader
        title={provider
          ? t("form.editTitle", { name: provider.name })
          : t("form.addTitle", { name: presetName })}
        lead={isReadOnly ? t(provider?.source === "file" ? "form.fromFile" : "form.readOnly") : undefined}
        back={
          <Anchor component={Link} to="/single-sign-on" className={styles.back}>
            <IconChevronLeft size={16} aria-hidden /> {t("form.back")}
          </Anchor>
        }
      />
      <form onSubmit={save} noValidate>
        {!provider && <Trap preset={draft.preset} />}
        <Panel title={t("form.register")} lead={t(`presets.${draft.preset}.where`)}>
          <RegistrationFields {...given} provider={provider} />
        </Panel>
        <Panel title={t("form.given")}>
          <ClientFields {...given} hasSecret={provider?.hasSecret ?? false} />
        </Panel>
        <Panel title={t("form.who")}>
          <RoleMapping {...given} mapped={mapped} />
        </Panel>
        <Panel title={t("form.factor")} lead={t("form.factorLead")}>
          <SecondFactorFields {...given} />
        </Panel>
        <Panel>
          <MoreSettings {...given} />
        </Panel>
        <div className={styles.foot}>
          {refusal.problem !== null && (
            <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(fields)} />
          )}
          <div className={styles.buttons}>
            <LinkButton from="/single-sign-on" search={{}} variant="default">
              {t(isReadOnly ? "common:back" : "common:cancel")}
            </LinkButton>
            {!isReadOnly && (
              <Button type="submit" loading={busy}>{t(provider ? "common:save" : "form.add")}</Button>
            )}
          </div>
        </div>
      </form>
      <LeaveGuard dirty={draft !== start && !isSaved && !isReadOnly} />
    </div>
  );
}

/** What goes wrong most with this kind of provider, before it does. */
function Trap({ preset }: Pick<Draft, "preset">) {
  const { t } = useTranslation("singleSignOn");
  return (
    <aside className={styles.trap} aria-label={t("form.trap")}>
      <IconAlertTriangle size={20} aria-hidden />
      <p>
        <strong>{t("form.trap")}:</strong> {t(`presets.${preset}.trap`)}
      </p>
    </aside>
  );
}
