import { Button, TextInput } from "@mantine/core";
import { IconCircleCheck, IconLinkOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { RecoveryCodes as Codes, Setup, SetupState, TotpEnrolment } from "../../server/access/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { CompanyFields } from "../company/company_fields.tsx";
import { likelyCountry, likelyTimeZone } from "../company/places.ts";
import { SignedOutShell } from "../shell/signed_out_shell.tsx";
import { SiteFields } from "../sites/site_fields.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { type Refusal, useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Steps } from "../ui/steps.tsx";
import { Enrolment } from "./enrolment.tsx";
import { useLanding } from "./landing.ts";
import { NewPassword } from "./new_password.tsx";
import { RecoveryCodes } from "./recovery_codes.tsx";
import { linkToken } from "./token.ts";

const steps = ["company", "site", "owner", "factor", "codes"] as const;
type Step = (typeof steps)[number];

/** The first start: the company, its first site and its owner, sent in one piece at the end. */
export function SetupPage() {
  const { t } = useTranslation("access");
  const [token] = useState(linkToken);
  const [finished, setFinished] = useState(false);
  const state = useQuery({
    queryKey: ["setup"],
    queryFn: () => api.get<z.infer<typeof SetupState>>("/setup"),
    enabled: !finished,
  });
  return (
    <SignedOutShell wide>
      {state.isPending
        ? (
          <Titled title={t("setup.title")}>
            <LoadingRows rows={3} />
          </Titled>
        )
        : state.isError
        ? (
          <Titled title={t("setup.title")}>
            <ProblemNotice problem={state.error} onRetry={() => void state.refetch()} />
          </Titled>
        )
        : !state.data.needed && !finished
        ? (
          <Titled title={t("setup.title")}>
            <EmptyState
              icon={<IconCircleCheck size={26} />}
              title={t("setup.done.title")}
              detail={t("setup.done.detail")}
              action={<Button component={Link} to="/sign-in">{t("signIn.title")}</Button>}
            />
          </Titled>
        )
        : token === null
        ? (
          <Titled title={t("setup.title")}>
            <EmptyState
              icon={<IconLinkOff size={26} />}
              title={t("setup.noToken.title")}
              detail={t("setup.noToken.detail")}
            />
          </Titled>
        )
        : <Wizard token={token} onFinished={() => setFinished(true)} />}
    </SignedOutShell>
  );
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <PageHeader title={title} />
      {children}
    </>
  );
}

function Wizard({ token, onFinished }: { token: string; onFinished: () => void }) {
  const { t } = useTranslation(["access", "common"]);
  const [step, setStep] = useState<Step>("company");
  const [draft, setDraft] = useState(firstDraft);
  const [enrolment, setEnrolment] = useState<TotpEnrolment & { email: string } | null>(null);
  const [codes, setCodes] = useState<string[]>([]);
  const { busy, refusal, submit } = useSubmit();
  const land = useLanding();
  const authorization = `Setup ${token}`;
  const owner = (change: Partial<Setup["owner"]>) =>
    setDraft({ ...draft, owner: { ...draft.owner, ...change } });

  const enrol = () =>
    submit(async () => {
      if (enrolment?.email !== draft.owner.email) {
        const { email } = draft.owner;
        const made = await api.post<TotpEnrolment>("/setup/totp", { email }, { authorization });
        setEnrolment({ ...made, email });
        owner({ ticket: made.ticket, code: "" });
      }
      setStep("factor");
    });
  const finish = () =>
    submit(async () => {
      try {
        const made = await api.post<z.infer<typeof Codes>>("/setup", draft, { authorization });
        onFinished();
        setCodes(made.recoveryCodes);
        setStep("codes");
      } catch (fault) {
        setStep(stepOf(fault));
        throw fault;
      }
    });
  const onward = (event: FormEvent) => {
    event.preventDefault();
    if (step === "company") {
      setDraft({ ...draft, site: { ...draft.site, timeZone: draft.company.timeZone } });
      setStep("site");
    } else if (step === "site") setStep("owner");
    else if (step === "owner") void enrol();
    else void finish();
  };

  if (step === "codes") {
    return (
      <>
        <WizardHead step={step} title={t("recovery.title")} lead={t("recovery.lead")} />
        <RecoveryCodes codes={codes} email={draft.owner.email} onKept={() => void land()} />
      </>
    );
  }
  return (
    <>
      <WizardHead step={step} title={t(`setup.${step}Title`)} lead={t(`setup.${step}Lead`)} />
      <form className={form.form} onSubmit={onward} noValidate key={step}>
        {refusal.problem !== null && (
          <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(fieldsOf[step])} />
        )}
        {step === "company" && (
          <CompanyFields
            company={draft.company}
            onChange={(company) => setDraft({ ...draft, company })}
            refusal={refusal}
            prefix="company."
          />
        )}
        {step === "site" && (
          <SiteFields
            site={draft.site}
            onChange={(site) => setDraft({ ...draft, site })}
            refusal={refusal}
            prefix="site."
          />
        )}
        {step === "owner" && <OwnerFields owner={draft.owner} onChange={owner} refusal={refusal} />}
        {step === "factor" && enrolment !== null && (
          <Enrolment
            enrolment={enrolment}
            code={draft.owner.code}
            onCode={(code) => owner({ code })}
            error={refusal.of("owner.code")}
          />
        )}
        <div className={form.buttons}>
          {step === "company"
            ? <span />
            : (
              <Button variant="default" onClick={() => setStep(steps[steps.indexOf(step) - 1]!)}>
                {t("common:back")}
              </Button>
            )}
          <Button type="submit" loading={busy} disabled={!ready(step, draft)}>
            {step === "factor" ? t("setup.finish") : t("common:next")}
          </Button>
        </div>
      </form>
    </>
  );
}

function WizardHead({ step, title, lead }: { step: Step; title: string; lead: string }) {
  const { t } = useTranslation("access");
  return (
    <>
      <Steps names={steps.map((name) => t(`setup.steps.${name}`))} current={steps.indexOf(step)} />
      <PageHeader title={title} lead={lead} />
    </>
  );
}

interface OwnerFieldsProps {
  owner: Setup["owner"];
  onChange: (change: Partial<Setup["owner"]>) => void;
  refusal: Refusal;
}

function OwnerFields({ owner, onChange, refusal }: OwnerFieldsProps) {
  const { t } = useTranslation("access");
  return (
    <>
      <TextInput
        label={t("account.name")}
        value={owner.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={refusal.of("owner.name")}
        autoComplete="name"
        maxLength={120}
      />
      <TextInput
        label={t("signIn.email")}
        type="email"
        value={owner.email}
        onChange={(event) => onChange({ email: event.currentTarget.value })}
        error={refusal.of("owner.email") ?? refusal.of("email")}
        autoComplete="username"
        maxLength={254}
      />
      <NewPassword
        label={t("password.label")}
        value={owner.password}
        onChange={(password) => onChange({ password })}
        error={refusal.of("owner.password")}
        own={[owner.name, owner.email]}
      />
    </>
  );
}

const fieldsOf: Record<Step, string[]> = {
  company: ["company"],
  site: ["site"],
  owner: ["owner.name", "owner.email", "owner.password", "email"],
  factor: ["owner.code"],
  codes: [],
};

/** The step that holds the first refused field, so that the reader sees it. */
function stepOf(fault: unknown): Step {
  const first = fault instanceof ApiProblem ? fault.faults[0]?.path ?? "" : "";
  const holds = (paths: string[]) => paths.some((path) => first === path || first.startsWith(`${path}.`));
  return steps.find((step) => holds(fieldsOf[step])) ?? "factor";
}

/** Whether a step has what it needs; the server judges what stands in it. */
function ready(step: Step, { company, site, owner }: Setup): boolean {
  switch (step) {
    case "company":
      return company.name.trim() !== "";
    case "site":
      return site.name.trim() !== "";
    case "owner":
      return owner.name.trim() !== "" && owner.email.includes("@") && owner.password.length >= 8;
    case "factor":
      return owner.code.length === 6;
    case "codes":
      return true;
  }
}

function firstDraft(): Setup {
  const timeZone = likelyTimeZone();
  return {
    company: { name: "", timeZone, holidays: likelyCountry() },
    site: { name: "", street: null, postcode: null, city: null, position: null, timeZone },
    owner: { name: "", email: "", password: "", ticket: "", code: "" },
  };
}
