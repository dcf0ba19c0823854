import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { RecoveryCodes as Codes, TotpEnrolment } from "../../server/access/schema.ts";
import type { OwnSso } from "../../server/access/sso/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { locale } from "../i18n/i18n.ts";
import { meQuery, useMe } from "../session.ts";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./account_page.module.css";
import { Enrolment } from "./enrolment.tsx";
import { NewPassword } from "./new_password.tsx";
import { passkeysQuery } from "./passkey.ts";
import { RecoveryCodes } from "./recovery_codes.tsx";
import { ownSsoQuery } from "./sso.ts";

/** For an account that opens by a provider or a passkey alone: by which, and the way to a password and authenticator. */
export function NoFactors({ own }: { own: OwnSso }) {
  const { t } = useTranslation("access");
  const passkeys = useQuery(passkeysQuery);
  const [adding, setAdding] = useState(false);
  const ways = own.connected.map(({ name }) => name);
  if (passkeys.data !== undefined && passkeys.data.length > 0) ways.push(t("account.aPasskey"));
  return (
    <Panel title={t("account.security")} flush>
      {ways.length > 0 && (
        <p className={styles.row}>
          {t("account.signsInWith", {
            ways: new Intl.ListFormat(locale, { type: "disjunction" }).format(ways),
          })}
        </p>
      )}
      <div className={styles.row}>
        <div className={styles.what}>
          <p className={styles.name}>{t("account.factorsTitle")}</p>
          <p className={styles.lead}>{t("account.factorsLead")}</p>
        </div>
        <Button variant="default" onClick={() => setAdding(true)} aria-haspopup="dialog">
          {t("account.factorsAct")}
        </Button>
      </div>
      {/* Mounted while open only, so that no password outlives its drawer. */}
      {adding && <FactorsDrawer onClose={() => setAdding(false)} />}
    </Panel>
  );
}

/** A password, an authenticator app, recovery codes: in this order, each once. */
function FactorsDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [enrolment, setEnrolment] = useState<TotpEnrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const enrol = () =>
    submit(async () => setEnrolment(await api.post<TotpEnrolment>("/session/factors/enrolment")));
  const add = () =>
    submit(async () => {
      try {
        const factors = { password, ticket: enrolment?.ticket ?? "", code };
        setCodes((await api.post<z.infer<typeof Codes>>("/session/factors", factors)).recoveryCodes);
      } catch (fault) {
        setCode("");
        if (fault instanceof ApiProblem && fault.faults.some(({ path }) => path === "password")) {
          setEnrolment(null);
        }
        throw fault;
      }
    });
  const close = async () => {
    onClose();
    if (codes === null) return;
    tell(t("account.factorsDone"));
    await queries.invalidateQueries({ queryKey: ownSsoQuery.queryKey });
    await queries.invalidateQueries({ queryKey: meQuery.queryKey });
  };
  return (
    <FormDrawer
      opened
      onClose={() => void close()}
      title={t("account.factorsTitle")}
      onSubmit={codes !== null ? undefined : enrolment === null ? enrol : add}
      busy={busy}
      act={enrolment === null ? t("common:next") : t("common:add")}
    >
      {refusal.problem !== null && (
        <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(["password", "code"])} />
      )}
      {codes !== null
        ? (
          <>
            <p className={form.hint}>{t("recovery.lead")}</p>
            <RecoveryCodes codes={codes} email={me.email ?? ""} onKept={() => void close()} />
          </>
        )
        : enrolment === null
        ? (
          <>
            {/* Tells password managers which account the password below is for. */}
            <input type="hidden" autoComplete="username" value={me.email ?? ""} readOnly />
            <NewPassword
              label={t("password.new")}
              value={password}
              onChange={setPassword}
              error={refusal.of("password")}
              own={[me.name ?? "", me.email ?? ""]}
            />
          </>
        )
        : <Enrolment enrolment={enrolment} code={code} onCode={setCode} error={refusal.of("code")} />}
    </FormDrawer>
  );
}
