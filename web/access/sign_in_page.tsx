import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconInfoCircle, IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Me, SetupState, SignIn } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { signInRoute } from "../router.tsx";
import { SignedOutShell } from "../shell/signed_out_shell.tsx";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { PageHeader } from "../ui/page_header.tsx";
import { CodeField } from "./code_field.tsx";
import { useLanding } from "./landing.ts";
import { missingForPasskeys, signInByPasskey } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";
import styles from "./sign_in_page.module.css";
import { Throttled, useWait } from "./throttled.tsx";

type Missing = { field: "email" | "password" | "code"; reason: string } | null;

/** Sign-in: e-mail and password, then the second factor; both are judged together, so that neither can be probed. */
export function SignInPage() {
  const { t } = useTranslation("access");
  const { back, reason } = signInRoute.useSearch();
  const [typed, setTyped] = useState<SignIn>({ email: "", password: "", code: "" });
  const [step, setStep] = useState<"password" | "code">("password");
  const [recovery, setRecovery] = useState(false);
  const [missing, setMissing] = useState<Missing>(null);
  const { busy, refusal, submit } = useSubmit();
  const wait = useWait(refusal.problem);
  const land = useLanding();
  const setup = useQuery({
    queryKey: ["setup"],
    queryFn: () => api.get<z.infer<typeof SetupState>>("/setup"),
  });

  const proceed = (event: FormEvent) => {
    event.preventDefault();
    if (!typed.email.includes("@")) return setMissing({ field: "email", reason: t("signIn.needEmail") });
    if (typed.password === "") return setMissing({ field: "password", reason: t("signIn.needPassword") });
    setMissing(null);
    setStep("code");
  };
  const signIn = async (event: FormEvent) => {
    event.preventDefault();
    if (typed.code.trim().length < 6) {
      return setMissing({ field: "code", reason: t(recovery ? "signIn.needRecovery" : "signIn.needCode") });
    }
    setMissing(null);
    const welcome = await submit(() => api.post<Me>("/session", typed));
    if (welcome) await land(back);
    // A code is good once, right or wrong.
    else setTyped((typed) => ({ ...typed, code: "" }));
  };
  const byPasskey = async () => {
    setMissing(null);
    if (await submit(signInByPasskey)) await land(back);
  };
  const fault = (field: NonNullable<Missing>["field"]) =>
    missing?.field === field ? missing.reason : undefined;

  if (setup.data?.needed === true) {
    return (
      <SignedOutShell>
        <PageHeader title={t("signIn.setupNeeded.title")} lead={t("signIn.setupNeeded.detail")} />
      </SignedOutShell>
    );
  }
  return (
    <SignedOutShell>
      <PageHeader
        title={t(step === "password" ? "signIn.title" : "signIn.second")}
        lead={step === "password" ? undefined : t("signIn.secondLead", { email: typed.email })}
      />
      {reason !== undefined && step === "password" && (
        <p className={styles.reason} role="status">
          <IconInfoCircle size={18} aria-hidden />
          {t(reason === "ended" ? "signIn.ended" : "signIn.signedOut")}
        </p>
      )}
      <form className={form.form} onSubmit={step === "password" ? proceed : signIn} noValidate>
        {wait > 0 ? <Throttled seconds={wait} /> : <PasskeyProblem problem={refusal.problem} />}
        {step === "password"
          ? (
            <>
              <TextInput
                label={t("signIn.email")}
                type="email"
                autoComplete="username"
                value={typed.email}
                onChange={(event) => setTyped({ ...typed, email: event.currentTarget.value })}
                error={fault("email")}
                maxLength={254}
                autoFocus
              />
              <PasswordInput
                label={t("password.label")}
                autoComplete="current-password"
                value={typed.password}
                onChange={(event) => setTyped({ ...typed, password: event.currentTarget.value })}
                error={fault("password")}
                maxLength={256}
                visibilityToggleFocusable
                visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
              />
              <Button type="submit" size="md" fullWidth disabled={wait > 0}>{t("signIn.proceed")}</Button>
              {missingForPasskeys() === null && (
                <>
                  <p className={styles.or}>{t("passkeys.or")}</p>
                  <Button
                    variant="default"
                    size="md"
                    fullWidth
                    leftSection={<IconKey size={18} aria-hidden />}
                    onClick={byPasskey}
                    loading={busy}
                    disabled={wait > 0}
                  >
                    {t("passkeys.signIn")}
                  </Button>
                </>
              )}
            </>
          )
          : (
            <>
              <CodeField
                key={String(recovery)}
                label={t(recovery ? "code.recovery" : "code.label")}
                description={t(recovery ? "code.recoveryHint" : "code.hint")}
                value={typed.code}
                onChange={(code) => setTyped({ ...typed, code })}
                error={fault("code")}
                digitsOnly={!recovery}
                autoFocus
              />
              <Button type="submit" size="md" fullWidth loading={busy} disabled={wait > 0}>
                {t("signIn.act")}
              </Button>
              <div className={styles.ways}>
                <Button
                  variant="subtle"
                  onClick={() => {
                    setRecovery(!recovery);
                    setTyped({ ...typed, code: "" });
                    setMissing(null);
                  }}
                >
                  {t(recovery ? "code.useApp" : "code.useRecovery")}
                </Button>
                <Button variant="subtle" onClick={() => setStep("password")}>{t("signIn.change")}</Button>
              </div>
            </>
          )}
      </form>
    </SignedOutShell>
  );
}
