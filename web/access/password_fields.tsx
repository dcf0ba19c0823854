import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SignIn } from "../../server/access/schema.ts";
import form from "../ui/form.module.css";
import { CodeField } from "./code_field.tsx";
import styles from "./sign_in_page.module.css";

type Missing = { field: "email" | "password" | "code"; reason: string } | null;

interface StepProps {
  typed: SignIn;
  onType: (typed: SignIn) => void;
  /** Whether the server listens to attempts at the moment. */
  disabled: boolean;
}

interface PasswordFieldsProps extends StepProps {
  onProceed: () => void;
  autoFocus: boolean;
}

/** The first half of a sign-in by password: who, and the password. */
export function PasswordFields({ typed, onType, disabled, onProceed, autoFocus }: PasswordFieldsProps) {
  const { t } = useTranslation("access");
  const [missing, setMissing] = useState<Missing>(null);
  const proceed = (event: FormEvent) => {
    event.preventDefault();
    if (!typed.email.includes("@")) return setMissing({ field: "email", reason: t("signIn.needEmail") });
    if (typed.password === "") return setMissing({ field: "password", reason: t("signIn.needPassword") });
    onProceed();
  };
  return (
    <form className={form.form} onSubmit={proceed} noValidate>
      <TextInput
        label={t("signIn.email")}
        type="email"
        autoComplete="username"
        value={typed.email}
        onChange={(event) => onType({ ...typed, email: event.currentTarget.value })}
        error={missing?.field === "email" && missing.reason}
        maxLength={254}
        autoFocus={autoFocus}
      />
      <PasswordInput
        label={t("password.label")}
        autoComplete="current-password"
        value={typed.password}
        onChange={(event) => onType({ ...typed, password: event.currentTarget.value })}
        error={missing?.field === "password" && missing.reason}
        maxLength={256}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
      />
      <Button type="submit" size="md" fullWidth disabled={disabled}>{t("signIn.proceed")}</Button>
    </form>
  );
}

interface CodeStepProps extends StepProps {
  busy: boolean;
  onSignIn: () => void;
  onBack: () => void;
}

/** The second half: a code of the authenticator app, or a recovery code. */
export function CodeStep({ typed, onType, disabled, busy, onSignIn, onBack }: CodeStepProps) {
  const { t } = useTranslation("access");
  const [recovery, setRecovery] = useState(false);
  const [missing, setMissing] = useState<Missing>(null);
  const signIn = (event: FormEvent) => {
    event.preventDefault();
    if (typed.code.trim().length < 6) {
      return setMissing({ field: "code", reason: t(recovery ? "signIn.needRecovery" : "signIn.needCode") });
    }
    setMissing(null);
    onSignIn();
  };
  const change = () => {
    setRecovery(!recovery);
    onType({ ...typed, code: "" });
    setMissing(null);
  };
  return (
    <form className={form.form} onSubmit={signIn} noValidate>
      <CodeField
        key={String(recovery)}
        label={t(recovery ? "code.recovery" : "code.label")}
        description={t(recovery ? "code.recoveryHint" : "code.hint")}
        value={typed.code}
        onChange={(code) => onType({ ...typed, code })}
        error={missing?.reason}
        digitsOnly={!recovery}
        autoFocus
      />
      <Button type="submit" size="md" fullWidth loading={busy} disabled={disabled}>{t("signIn.act")}</Button>
      <div className={styles.ways}>
        <Button variant="subtle" onClick={change}>
          {t(recovery ? "code.useApp" : "code.useRecovery")}
        </Button>
        <Button variant="subtle" onClick={onBack}>{t("signIn.change")}</Button>
      </div>
    </form>
  );
}
