import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Provider } from "../../server/access/sso/schema.ts";
import { singleSignOnRoute } from "../router.tsx";
import { useCan } from "../session.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { draftOf, newDraft } from "./draft.ts";
import { PolicyPanel } from "./policy_panel.tsx";
import { PresetChoice } from "./preset_choice.tsx";
import { ProviderForm } from "./provider_form.tsx";
import { ProviderPanel } from "./provider_panel.tsx";
import { providersQuery } from "./queries.ts";
import { Refused } from "./refused.tsx";
import styles from "./single_sign_on_page.module.css";
import { TrialReport } from "./trial_report.tsx";

/** How people sign in: by the company's own identity provider, which is connected here, and by what else. */
export function SingleSignOnPage() {
  const { t } = useTranslation("singleSignOn");
  const mayWrite = useCan("sso.write");
  const { add, provider, group } = singleSignOnRoute.useSearch();
  const providers = useQuery(providersQuery);
  useHeading(`${add} ${provider}`, group === undefined);
  if (!providers.data) {
    return (
      <div className={styles.page}>
        <PageHeader title={t("title")} lead={t("lead")} />
        {providers.isPending
          ? (
            <Panel>
              <LoadingRows rows={4} height={58} />
            </Panel>
          )
          : <ProblemNotice problem={providers.error} onRetry={() => void providers.refetch()} />}
      </div>
    );
  }
  const open = providers.data.find(({ id }) => id === provider);
  if (open) {
    return <ProviderForm key={open.id} start={draftOf(open, group)} provider={open} mapped={group} />;
  }
  if (mayWrite && add !== undefined && add !== "choose") {
    const taken = providers.data.map(({ slug }) => slug);
    return <ProviderForm key={add} start={newDraft(add, taken)} />;
  }
  return <Overview providers={providers.data} />;
}

function Overview({ providers }: { providers: Provider[] }) {
  const { t } = useTranslation("singleSignOn");
  const mayWrite = useCan("sso.write");
  const { add, trial, refused, by } = singleSignOnRoute.useSearch();
  const isChoosing = add === "choose" && mayWrite;
  return (
    <div className={styles.page}>
      <PageHeader
        title={t("title")}
        lead={t("lead")}
        actions={mayWrite && providers.length > 0 && !isChoosing && (
          <LinkButton
            from="/single-sign-on"
            search={{ add: "choose" }}
            variant="default"
            leftSection={<IconPlus size={17} aria-hidden />}
          >
            {t("provider.add")}
          </LinkButton>
        )}
      />
      {refused !== undefined && (
        <Refused
          reason={refused}
          provider={providers.find(({ slug }) => slug === by)}
        />
      )}
      {trial !== undefined && <TrialReport key={trial} id={trial} providers={providers} />}
      {(providers.length === 0 || isChoosing) && <PresetChoice isFirst={providers.length === 0} />}
      {providers.map((provider) => <ProviderPanel key={provider.id} provider={provider} />)}
      <PolicyPanel providers={providers} />
    </div>
  );
}

/**
 * What takes the page's place begins at its heading, for those who hear the screen.
 * @param isWanted whether no field of it takes the focus
 */
function useHeading(open: string, isWanted: boolean): void {
  const shown = useRef(open);
  useEffect(() => {
    if (shown.current !== open && isWanted) document.getElementById("page-title")?.focus();
    shown.current = open;
  }, [open, isWanted]);
}
