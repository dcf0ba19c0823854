import { PasswordInput, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { FieldsProps } from "./fields.ts";
import { presets } from "./presets.ts";
import styles from "./provider_form.module.css";

/** What the provider shows once this installation is registered there. */
export function ClientFields(
  { draft, set, refusal, isReadOnly, hasSecret }: FieldsProps & { hasSecret: boolean },
) {
  const { t } = useTranslation("singleSignOn");
  const { preset } = draft;
  return (
    <div className={styles.fields}>
      <TextInput
        label={t("form.issuer")}
        description={t(`presets.${preset}.issuer`)}
        placeholder={presets[preset].issuerPattern}
        value={draft.issuer}
        onChange={(event) => set({ issuer: event.currentTarget.value })}
        error={refusal.of("issuer")}
        type="url"
        autoComplete="off"
        spellCheck={false}
        maxLength={500}
        readOnly={isReadOnly}
      />
      <TextInput
        label={t("form.clientId")}
        description={t("form.clientIdHint")}
        value={draft.clientId}
        onChange={(event) => set({ clientId: event.currentTarget.value })}
        error={refusal.of("clientId")}
        autoComplete="off"
        spellCheck={false}
        maxLength={300}
        readOnly={isReadOnly}
      />
      {!isReadOnly && (
        <PasswordInput
          label={t("form.secret")}
          description={hasSecret ? t("form.secretKept") : t(`presets.${preset}.secret`)}
          value={draft.clientSecret}
          onChange={(event) => set({ clientSecret: event.currentTarget.value })}
          error={refusal.of("clientSecret")}
          visibilityToggleButtonProps={{ "aria-label": t("form.secretShow") }}
          // A password manager would offer the reader's own password.
          autoComplete="new-password"
          maxLength={1000}
        />
      )}
    </div>
  );
}
