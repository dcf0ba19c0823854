import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { seesAllSites } from "../../server/access/rights.ts";
import type { Provider, Trial } from "../../server/access/sso/schema.ts";
import { ApiProblem } from "../api.ts";
import { useCan, useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import form from "../ui/form.module.css";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { DateText } from "../ui/times.tsx";
import { CheckList } from "./check_list.tsx";
import { trialQuery } from "./queries.ts";
import { useReasonWords } from "./reason_words.ts";
import styles from "./report.module.css";
import { TryButton } from "./try_button.tsx";
import { Verdict } from "./verdict.tsx";

/** What came of a sign-in on trial: what was looked at, what the provider sent, and what would follow from it. */
export function TrialReport({ id, providers }: { id: string; providers: Provider[] }) {
  const { t } = useTranslation("singleSignOn");
  const trial = useQuery({
    ...trialQuery(id),
    retry: (count, problem) => count < 2 && !(problem instanceof ApiProblem && problem.status === 404),
  });
  if (trial.isPending) {
    return (
      <Panel>
        <LoadingRows rows={4} height={48} />
      </Panel>
    );
  }
  if (trial.isError) {
    const isGone = trial.error instanceof ApiProblem && trial.error.status === 404;
    if (!isGone) return <ProblemNotice problem={trial.error} onRetry={() => void trial.refetch()} />;
    return (
      <section className={styles.alone} aria-label={t("trial.gone")}>
        <Verdict outcome="warned" title={t("trial.gone")}>
          <p>{t("trial.goneDetail")}</p>
        </Verdict>
      </section>
    );
  }
  return <Report trial={trial.data} provider={providers.find((one) => one.id === trial.data.providerId)} />;
}

function Report({ trial, provider }: { trial: Trial; provider: Provider | undefined }) {
  const { t } = useTranslation("singleSignOn");
  const { timeZone } = useMe().company;
  const outcome = trial.passed ? "passed" : "failed";
  const words = useReasonWords();
  const wrong = trial.checks.find(({ outcome }) => outcome === "failed");
  const doubt = trial.checks.find(({ check, outcome }) => check === "account" && outcome === "warned");
  const needsAccount = trial.checks.some(({ reason }) => reason === "email-taken" || reason === "no-account");
  return (
    <Panel
      title={t(`trial.${outcome}`, { name: provider?.name ?? "" })}
      lead={<DateText at={trial.at} timeZone={timeZone} />}
      actions={
        <LinkButton from="/single-sign-on" search={{}} variant="default">{t("trial.close")}</LinkButton>
      }
    >
      <div className={styles.report}>
        {wrong?.reason
          ? (
            <Verdict outcome="failed" title={words(wrong.reason).what}>
              <p>{words(wrong.reason).next}</p>
            </Verdict>
          )
          : doubt?.reason
          ? (
            <Verdict outcome="warned" title={t("trial.doubtLead")}>
              <p>{words(doubt.reason).what} {words(doubt.reason).next}</p>
            </Verdict>
          )
          : <Verdict outcome="passed" title={t("trial.passedLead")} />}
        <div className={styles.columns}>
          <div className={styles.part}>
            <h3>{t("checks.list")}</h3>
            <CheckList checks={trial.checks} />
          </div>
          <div className={styles.report}>
            <Consequences trial={trial} />
            <Groups trial={trial} provider={provider} />
            <div className={styles.part}>
              <h3 id="trial-claims">{t("trial.claims")}</h3>
              {trial.claims === null
                ? <p className={styles.dimmed}>{t("trial.claimsNone")}</p>
                : (
                  <pre className={styles.claims} tabIndex={0} role="region" aria-labelledby="trial-claims">
                    {trial.claims}
                  </pre>
                )}
            </div>
          </div>
        </div>
        {provider !== undefined && (
          <div className={styles.acts}>
            <TryButton provider={provider} again />
            {needsAccount && <LinkButton to="/account" variant="default">{t("trial.ownAccount")}</LinkButton>}
          </div>
        )}
      </div>
    </Panel>
  );
}

function Consequences({ trial: { role, siteIds, account } }: { trial: Trial }) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const sites = useQuery(sitesQuery);
  const names = siteIds.map((id) => sites.data?.find((site) => site.id === id)?.name ?? "…").join(", ");
  return (
    <div className={styles.part}>
      <h3>{t("trial.follows")}</h3>
      <dl className={form.facts}>
        <dt>{t("trial.role")}</dt>
        <dd>{role === null ? t("trial.roleNone") : t(`common:roles.${role}`)}</dd>
        {role !== null && (seesAllSites(role) || siteIds.length > 0) && (
          <>
            <dt>{t("trial.sites")}</dt>
            <dd>{seesAllSites(role) ? t("trial.everySite") : names}</dd>
          </>
        )}
        <dt>{t("trial.account")}</dt>
        <dd>{t(`trial.accounts.${account ?? "unknown"}`)}</dd>
      </dl>
    </div>
  );
}

function Groups({ trial, provider }: { trial: Trial; provider: Provider | undefined }) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const mayWrite = useCan("sso.write");
  const mayMap = mayWrite && provider?.source === "page";
  const roleOf = (group: string) =>
    provider?.settings.mappings.find((mapping) => mapping.group === group)?.role;
  const isUnread = trial.checks.some(({ check, outcome }) => check === "groups" && outcome !== "passed");
  return (
    <div className={styles.part}>
      <h3>{t("trial.groups")}</h3>
      {trial.groups.length === 0
        ? <p className={styles.dimmed}>{t(isUnread ? "trial.groupsUnread" : "trial.groupsNone")}</p>
        : (
          <ul className={styles.groups}>
            {trial.groups.map((group) => {
              const role = roleOf(group);
              return (
                <li key={group}>
                  <code>{group}</code>
                  {role !== undefined
                    ? <Tag tone="green">{t("trial.mapped", { role: t(`common:roles.${role}`) })}</Tag>
                    : mayMap && (
                      <LinkButton
                        from="/single-sign-on"
                        search={{ provider: trial.providerId, group }}
                        variant="default"
                        size="xs"
                        aria-label={t("trial.mapOne", { group })}
                      >
                        {t("trial.map")}
                      </LinkButton>
                    )}
                </li>
              );
            })}
          </ul>
        )}
    </div>
  );
}
