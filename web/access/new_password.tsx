import { PasswordInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import styles from "./new_password.module.css";
import { strengthOf } from "./strength.ts";

interface NewPasswordProps {
  label: string;
  value: string;
  onChange: (password: string) => void;
  error?: string;
  /** Words a guesser would try first: the person's name and e-mail. */
  own?: string[];
}

/** A field for choosing a password, which says how good the choice is while it is typed. */
export function NewPassword({ label, value, onChange, error, own = [] }: NewPasswordProps) {
  const { t } = useTranslation("access");
  const strength = strengthOf(value, own);
  const verdict = strength.missing > 0
    ? t("password.short", { count: strength.missing })
    : t(`password.${strength.word}`);
  return (
    <div>
      <PasswordInput
        label={label}
        description={t("password.hint")}
        autoComplete="new-password"
        maxLength={256}
        required
        withAsterisk={false}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
      />
      <div className={styles.strength} role="status" aria-label={t("password.strength")}>
        {value !== "" && (
          <>
            <span className={styles.meter} data-level={strength.level} aria-hidden>
              <i />
              <i />
              <i />
              <i />
            </span>
            {verdict}
          </>
        )}
      </div>
    </div>
  );
}
