import { Button, PasswordInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { FactorProof, RecoveryCodes as Codes, TotpEnrolment } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { meQuery, useMe } from "../session.ts";
import { type Refusal, useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import styles from "./account_page.module.css";
import { CodeField } from "./code_field.tsx";
import { Enrolment } from "./enrolment.tsx";
import { NewPassword } from "./new_password.tsx";
import { NoFactors } from "./no_factors.tsx";
import { RecoveryCodes } from "./recovery_codes.tsx";
import { ownSsoQuery } from "./sso.ts";

type Proof = z.infer<typeof FactorProof>;
/** Below this many codes left, the page asks for new ones. */
const FEW = 3;

/** What proves who somebody is: password, authenticator app, recovery codes; or that they have none of these yet. */
export function Factors() {
  const { t } = useTranslation("access");
  const own = useQuery(ownSsoQuery);
  if (own.isPending) {
    return (
      <Panel title={t("account.security")} flush>
        <LoadingRows rows={3} height={64} />
      </Panel>
    );
  }
  return own.data?.hasPassword === false ? <NoFactors own={own.data} /> : <OwnFactors />;
}

/** Each is renewed in a drawer. */
function OwnFactors() {
  const { t } = useTranslation("access");
  const { recoveryCodesLeft } = useMe();
  const [open, setOpen] = useState<"password" | "totp" | "codes" | null>(null);
  const close = () => setOpen(null);
  return (
    <Panel title={t("account.security")} flush>
      <ul className={styles.rows}>
        <Row
          name={t("account.passwordRow")}
          lead={t("account.passwordLead")}
          act={t("account.passwordAct")}
          onAct={() => setOpen("password")}
        />
        <Row
          name={t("account.totpRow")}
          lead={t("account.totpLead")}
          act={t("account.totpAct")}
          onAct={() => setOpen("totp")}
        />
        <Row
          name={
            <>
              {t("account.codesRow")}
              <Tag tone={recoveryCodesLeft < FEW ? "amber" : "gray"}>
                {t("account.codesLeft", { count: recoveryCodesLeft })}
              </Tag>
            </>
          }
          lead={recoveryCodesLeft < FEW ? t("account.codesFew") : t("account.codesWarn")}
          act={t("account.codesAct")}
          onAct={() => setOpen("codes")}
        />
      </ul>
      {/* Mounted while open only, so that no password outlives its drawer. */}
      {open === "password" && <PasswordDrawer onClose={close} />}
      {open === "totp" && <TotpDrawer onClose={close} />}
      {open === "codes" && <CodesDrawer onClose={close} />}
    </Panel>
  );
}

interface RowProps {
  name: ReactNode;
  lead: string;
  act: string;
  onAct: () => void;
}

function Row({ name, lead, act, onAct }: RowProps) {
  return (
    <li className={styles.row}>
      <div className={styles.what}>
        <p className={styles.name}>{name}</p>
        <p className={styles.lead}>{lead}</p>
      </div>
      <Button variant="default" onClick={onAct} aria-haspopup="dialog">{act}</Button>
    </li>
  );
}

function PasswordDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("access");
  const me = useMe();
  const [proof, setProof] = useState<Proof>({ password: "", code: "" });
  const [next, setNext] = useState("");
  const { busy, refusal, submit } = useSubmit();
  const change = async () => {
    const { password: current, code } = proof;
    if (await submit(() => api.put("/session/password", { current, code, next }))) {
      tell(t("account.passwordDone"));
      onClose();
    } else setProof({ ...proof, code: "" });
  };
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("account.passwordAct")}
      onSubmit={change}
      busy={busy}
      act={t("account.passwordAct")}
    >
      <Refused refusal={refusal} fields={["current", "code", "next"]} />
      <ProofFields proof={proof} onChange={setProof} refusal={refusal} passwordPath="current" />
      <NewPassword
        label={t("password.new")}
        value={next}
        onChange={setNext}
        error={refusal.of("next")}
        own={[me.name ?? "", me.email ?? ""]}
      />
    </FormDrawer>
  );
}

function TotpDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("access");
  const [proof, setProof] = useState<Proof>({ password: "", code: "" });
  const [enrolment, setEnrolment] = useState<TotpEnrolment | null>(null);
  const [next, setNext] = useState("");
  const { busy, refusal, submit } = useSubmit();
  const prove = async () => {
    await submit(async () => setEnrolment(await api.post<TotpEnrolment>("/session/totp/enrolment", proof)));
    // A code of the app is good once; the change itself wants another.
    setProof((proof) => ({ ...proof, code: "" }));
  };
  const change = async () => {
    const done = await submit(() => api.put("/session/totp", { ...proof, ticket: enrolment?.ticket, next }));
    if (!done) return;
    tell(t("account.totpDone"));
    onClose();
  };
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("account.totpTitle")}
      onSubmit={enrolment === null ? prove : change}
      busy={busy}
      act={enrolment === null ? t("recovery.proceed") : t("account.totpAct")}
    >
      <Refused refusal={refusal} fields={["password", "code", "next"]} />
      {enrolment === null
        ? <ProofFields proof={proof} onChange={setProof} refusal={refusal} passwordPath="password" />
        : (
          <>
            <Enrolment
              enrolment={enrolment}
              code={next}
              onCode={setNext}
              error={refusal.of("next")}
              codeLabel={t("account.totpNext")}
            />
            <CodeField
              label={t("account.totpOld")}
              description={t("account.totpOldHint")}
              value={proof.code}
              onChange={(code) => setProof({ ...proof, code })}
              error={refusal.of("code")}
            />
          </>
        )}
    </FormDrawer>
  );
}

function CodesDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("access");
  const me = useMe();
  const queries = useQueryClient();
  const [proof, setProof] = useState<Proof>({ password: "", code: "" });
  const [codes, setCodes] = useState<string[] | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const make = async () => {
    const done = await submit(async () => {
      const made = await api.post<z.infer<typeof Codes>>("/session/recovery-codes", proof);
      setCodes(made.recoveryCodes);
      await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    });
    if (!done) setProof({ ...proof, code: "" });
  };
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("account.codesTitle")}
      onSubmit={codes === null ? make : undefined}
      busy={busy}
      act={t("account.codesAct")}
    >
      {codes === null
        ? (
          <>
            <Refused refusal={refusal} fields={["password", "code"]} />
            <p className={form.hint}>{t("account.prove")} {t("account.codesWarn")}</p>
            <ProofFields proof={proof} onChange={setProof} refusal={refusal} passwordPath="password" />
          </>
        )
        : (
          <>
            <p className={form.hint}>{t("recovery.lead")}</p>
            <RecoveryCodes codes={codes} email={me.email ?? ""} onKept={onClose} />
          </>
        )}
    </FormDrawer>
  );
}

interface ProofFieldsProps {
  proof: Proof;
  onChange: (proof: Proof) => void;
  refusal: Refusal;
  passwordPath: "current" | "password";
}

function ProofFields({ proof, onChange, refusal, passwordPath }: ProofFieldsProps) {
  const { t } = useTranslation("access");
  return (
    <>
      <PasswordInput
        label={t("account.current")}
        autoComplete="current-password"
        value={proof.password}
        onChange={(event) => onChange({ ...proof, password: event.currentTarget.value })}
        error={refusal.of(passwordPath)}
        maxLength={256}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
        data-autofocus
      />
      <CodeField
        label={t("code.either")}
        value={proof.code}
        onChange={(code) => onChange({ ...proof, code })}
        error={refusal.of("code")}
      />
    </>
  );
}

function Refused({ refusal, fields }: { refusal: Refusal; fields: string[] }) {
  if (refusal.problem === null) return null;
  return <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(fields)} />;
}
