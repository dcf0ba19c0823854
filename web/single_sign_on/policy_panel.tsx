import { Button, NativeSelect } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed, IconCircleX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import {
  type Account,
  BREAK_GLASS_DAYS,
  type SignInPolicy,
  type SignInPolicyEdit,
} from "../../server/access/schema.ts";
import type { Provider } from "../../server/access/sso/schema.ts";
import { type PersonRole, personRoles } from "../access/role_fields.tsx";
import { api } from "../api.ts";
import { useCan } from "../session.ts";
import { useSubmit } from "../ui/faults.ts";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./policy_panel.module.css";
import { accountsQuery, policyQuery } from "./queries.ts";

const ways = ["any", "passkey", "sso"] as const;
type Way = typeof ways[number];
type Ways = Record<PersonRole, Way>;

/** So long an account for emergencies counts as one that can be opened; the server has the last word. */
const TESTED_MS = BREAK_GLASS_DAYS * 86_400_000;

/** By which ways each role may sign in. */
export function PolicyPanel({ providers }: { providers: Provider[] }) {
  const { t } = useTranslation("singleSignOn");
  const policy = useQuery(policyQuery);
  const [round, setRound] = useState(0);
  return (
    <Panel title={t("policy.title")} lead={t("policy.lead")}>
      {policy.isPending
        ? <LoadingRows rows={6} height={52} />
        : policy.isError
        ? <ProblemNotice problem={policy.error} onRetry={() => void policy.refetch()} />
        : (
          <PolicyForm
            key={`${policy.data.version} ${round}`}
            policy={policy.data}
            providers={providers}
            onCancel={() => setRound(round + 1)}
          />
        )}
    </Panel>
  );
}

interface PolicyFormProps {
  policy: SignInPolicy;
  providers: Provider[];
  onCancel: () => void;
}

function PolicyForm({ policy, providers, onCancel }: PolicyFormProps) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const mayWrite = useCan("sign-in-policy.write");
  const queries = useQueryClient();
  const before = waysOf(policy);
  const [chosen, setChosen] = useState(before);
  const { busy, refusal, submit } = useSubmit();
  const gains = (way: Way) => personRoles.some((role) => chosen[role] === way && before[role] !== way);
  const isChanged = personRoles.some((role) => chosen[role] !== before[role]);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const isSaved = await submit(async () => {
      try {
        await api.patch("/sign-in-policy", editOf(policy, chosen), { ifMatch: policy.version });
      } finally {
        await queries.invalidateQueries({ queryKey: policyQuery.queryKey });
      }
    });
    if (isSaved) tell(t("policy.saved"));
  };

  return (
    <form className={styles.form} onSubmit={save} noValidate>
      <ul className={styles.roles} aria-label={t("policy.title")}>
        {personRoles.map((role) => (
          <li key={role}>
            <span className={styles.role}>{t(`common:roles.${role}`)}</span>
            {mayWrite
              ? (
                <NativeSelect
                  aria-label={t(`common:roles.${role}`)}
                  data={ways.map((way) => ({ value: way, label: t(`policy.ways.${way}`) }))}
                  value={chosen[role]}
                  onChange={({ currentTarget }) =>
                    setChosen({ ...chosen, [role]: currentTarget.value as Way })}
                  description={role === "driver" && chosen.driver === "sso"
                    ? t("policy.driverNote")
                    : undefined}
                />
              )
              : <span>{t(`policy.ways.${chosen[role]}`)}</span>}
          </li>
        ))}
      </ul>
      {gains("sso") && <NeedsOfSso providers={providers} />}
      {gains("passkey") && (
        <Needs title={t("policy.needsPasskeys")}>
          <Need met={null}>{t("policy.passkeys")}</Need>
        </Needs>
      )}
      {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
      {mayWrite
        ? (
          <div className={styles.buttons}>
            {isChanged && <Button variant="default" onClick={onCancel}>{t("common:cancel")}</Button>}
            <Button type="submit" loading={busy} disabled={!isChanged}>{t("policy.save")}</Button>
          </div>
        )
        : <p className={styles.dimmed}>{t("policy.readOnly")}</p>}
    </form>
  );
}

/** What has to be so before passwords open nothing any more; the server looks at the same when it is saved. */
function NeedsOfSso({ providers }: { providers: Provider[] }) {
  const { t } = useTranslation("singleSignOn");
  const accounts = useQuery(accountsQuery);
  const tried = providers.filter(({ triedAt }) => triedAt !== null);
  const isTried = tried.some(({ enabled }) => enabled);
  const hasGlass = accounts.data?.some(opensInAnEmergency) ?? null;
  return (
    <Needs title={t("policy.needs")}>
      <Need met={isTried}>
        {t("policy.provider")} {!isTried && t(`policy.providerNext.${tried.length > 0 ? "enable" : "try"}`)}
      </Need>
      <Need met={hasGlass}>
        {t("policy.glass")} {hasGlass === false && <Link to="/people">{t("policy.glassNext")}</Link>}
      </Need>
    </Needs>
  );
}

function Needs({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.needs} role="status">
      <p>{title}</p>
      <ul>{children}</ul>
    </div>
  );
}

/** `met`: null where it is not known before it is saved. */
function Need({ met, children }: { met: boolean | null; children: ReactNode }) {
  const { t } = useTranslation("singleSignOn");
  const Icon = met === null ? IconCircleDashed : met ? IconCircleCheck : IconCircleX;
  return (
    <li data-met={met ?? "unknown"}>
      <Icon size={18} aria-hidden />
      <span>
        <strong>{t(met === null ? "policy.whenSaved" : met ? "policy.met" : "policy.unmet")}:</strong>{" "}
        {children}
      </span>
    </li>
  );
}

const opensInAnEmergency = ({ role, state, breakGlass, breakGlassTestedAt }: Account): boolean =>
  role === "owner" && state !== "disabled" && breakGlass && breakGlassTestedAt !== null &&
  Date.parse(breakGlassTestedAt) > Date.now() - TESTED_MS;

const waysOf = ({ ssoOnlyRoles, passkeyRoles }: SignInPolicy): Ways =>
  Object.fromEntries(
    personRoles.map((role) => [
      role,
      ssoOnlyRoles.includes(role) ? "sso" : passkeyRoles.includes(role) ? "passkey" : "any",
    ]),
  ) as Ways;

/** Whoever comes by the provider alone may be asked for a passkey besides, which stays as it was. */
const editOf = ({ passkeyRoles }: SignInPolicy, chosen: Ways): z.infer<typeof SignInPolicyEdit> => ({
  ssoOnlyRoles: personRoles.filter((role) => chosen[role] === "sso"),
  passkeyRoles: personRoles.filter((role) =>
    chosen[role] === "passkey" || (chosen[role] === "sso" && passkeyRoles.includes(role))
  ),
});
