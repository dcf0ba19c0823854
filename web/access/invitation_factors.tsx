import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { InvitationView, RecoveryCodes as Codes, TotpEnrolment } from "../../server/access/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Steps } from "../ui/steps.tsx";
import { DateText } from "../ui/times.tsx";
import { Enrolment } from "./enrolment.tsx";
import { useLanding } from "./landing.ts";
import { NewPassword } from "./new_password.tsx";
import { RecoveryCodes } from "./recovery_codes.tsx";

interface InvitationFactorsProps {
  invitation: InvitationView;
  authorization: string;
  /** Leads back to the other ways; left out where there are none. */
  onBack?: () => void;
}

/** Accepts an invitation with a password, an authenticator app, and recovery codes. */
export function InvitationFactors({ invitation, authorization, onBack }: InvitationFactorsProps) {
  const { t } = useTranslation(["access", "common"]);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [enrolment, setEnrolment] = useState<TotpEnrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [step, setStep] = useState(0);
  const { busy, refusal, submit } = useSubmit();
  const land = useLanding();
  const steps = [t("invitation.passwordStep"), t("invitation.factorStep"), t("invitation.codesStep")];

  const enrol = () =>
    submit(async () => {
      if (enrolment === null) {
        setEnrolment(await api.post<TotpEnrolment>("/invitation/totp", undefined, { authorization }));
      }
      setStep(1);
    });
  const accept = () =>
    submit(async () => {
      try {
        const factors = { password, ticket: enrolment?.ticket ?? "", code };
        const made = await api.post<z.infer<typeof Codes>>("/invitation", factors, { authorization });
        setCodes(made.recoveryCodes);
        setStep(2);
      } catch (fault) {
        setCode("");
        if (fault instanceof ApiProblem && fault.faults.some(({ path }) => path === "password")) setStep(0);
        throw fault;
      }
    });
  const onward = (event: FormEvent) => {
    event.preventDefault();
    void (step === 0 ? enrol() : accept());
  };

  if (codes !== null) {
    return (
      <>
        <Steps names={steps} current={step} />
        <PageHeader title={t("recovery.title")} lead={t("recovery.lead")} />
        <RecoveryCodes codes={codes} email={invitation.email ?? ""} onKept={() => void land()} />
      </>
    );
  }
  return (
    <>
      <Steps names={steps} current={step} />
      <PageHeader
        title={step === 0
          ? t("invitation.title", { company: invitation.companyName })
          : t("setup.factorTitle")}
        lead={step === 0
          ? t("invitation.lead", { role: t(`common:roles.${invitation.role}`) })
          : t("setup.factorLead")}
      />
      <form className={form.form} onSubmit={onward} noValidate key={step}>
        {refusal.problem !== null && (
          <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(["password", "code"])} />
        )}
        {step === 0
          ? (
            <>
              <dl className={form.facts}>
                <dt>{t("invitation.email")}</dt>
                <dd>{invitation.email ?? t("common:erased")}</dd>
                <dt>{t("invitation.until")}</dt>
                <dd>
                  <DateText at={invitation.expiresAt} />
                </dd>
              </dl>
              {/* Tells password managers which account the password below is for. */}
              <input type="hidden" autoComplete="username" value={invitation.email ?? ""} readOnly />
              <NewPassword
                label={t("password.new")}
                value={password}
                onChange={setPassword}
                error={refusal.of("password")}
                own={[invitation.name ?? "", invitation.email ?? ""]}
              />
            </>
          )
          : enrolment !== null && (
            <Enrolment enrolment={enrolment} code={code} onCode={setCode} error={refusal.of("code")} />
          )}
        <div className={form.buttons}>
          {step === 0 && onBack === undefined
            ? <span />
            : (
              <Button variant="default" onClick={step === 0 ? onBack : () => setStep(0)}>
                {t("common:back")}
              </Button>
            )}
          <Button
            type="submit"
            loading={busy}
            disabled={step === 0 ? password.length < 8 : code.length !== 6}
          >
            {step === 0 ? t("common:next") : t("invitation.accept")}
          </Button>
        </div>
      </form>
    </>
  );
}
