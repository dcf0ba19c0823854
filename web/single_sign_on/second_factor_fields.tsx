import { Radio } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ProviderSettings } from "../../server/access/sso/schema.ts";
import type { FieldsProps } from "./fields.ts";
import styles from "./provider_form.module.css";

const described = { body: styles.body, label: styles.label };

/** How it is known that two factors were shown at the provider, and what is at stake. */
export function SecondFactorFields(
  { draft: { preset, settings }, setSettings, refusal, isReadOnly }: FieldsProps,
) {
  const { t } = useTranslation("singleSignOn");
  return (
    <fieldset className={styles.fields} disabled={isReadOnly}>
      <Radio.Group
        aria-label={t("form.factor")}
        value={settings.secondFactor}
        onChange={(value) => setSettings({ secondFactor: value as ProviderSettings["secondFactor"] })}
        error={refusal.of("settings.secondFactor")}
      >
        <div className={styles.choices}>
          <Radio
            value="claimed"
            classNames={described}
            label={t("form.claimed")}
            description={t("form.claimedHint")}
          />
          <Radio
            value="trusted"
            classNames={described}
            label={t("form.trusted")}
            description={t("form.trustedHint")}
          />
        </div>
      </Radio.Group>
      <p className={styles.hint}>{t(`presets.${preset}.factor`)}</p>
    </fieldset>
  );
}
