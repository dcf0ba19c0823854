import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProviderSettings } from "../../server/access/sso/schema.ts";
import type { FieldsProps } from "./fields.ts";
import styles from "./provider_form.module.css";
import mapping from "./role_mapping.module.css";

/** Claims that must have a value, such as Google's `hd`. */
export function Requirements({ draft: { settings }, setSettings, refusal, isReadOnly }: FieldsProps) {
  const { t } = useTranslation("singleSignOn");
  const { requires } = settings;
  const [added, setAdded] = useState(-1);
  const set = (requires: ProviderSettings["requires"]) => setSettings({ requires });
  if (isReadOnly && requires.length === 0) return null;
  return (
    <div className={mapping.rows} role="group" aria-labelledby="requires-title">
      <div>
        <h3 id="requires-title">{t("mapping.requires")}</h3>
        <p className={styles.hint}>{t("mapping.requiresLead")}</p>
      </div>
      {requires.map((row, index) => (
        <div
          key={index}
          className={mapping.line}
          role="group"
          aria-label={t("mapping.requireRow", { number: index + 1 })}
        >
          <TextInput
            label={t("mapping.claim")}
            value={row.claim}
            onChange={(event) => set(requires.with(index, { ...row, claim: event.currentTarget.value }))}
            error={refusal.of(`settings.requires.${index}.claim`)}
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            autoFocus={index === added}
          />
          <TextInput
            label={t("mapping.value")}
            value={row.value}
            onChange={(event) => set(requires.with(index, { ...row, value: event.currentTarget.value }))}
            error={refusal.of(`settings.requires.${index}.value`)}
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
          />
          {!isReadOnly && (
            <ActionIcon
              size="lg"
              className={mapping.remove}
              aria-label={t("mapping.requireRemove", { number: index + 1 })}
              onClick={() => set(requires.toSpliced(index, 1))}
            >
              <IconTrash size={18} />
            </ActionIcon>
          )}
        </div>
      ))}
      {!isReadOnly && requires.length < 10 && (
        <Button
          variant="default"
          className={mapping.add}
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => {
            setAdded(requires.length);
            set([...requires, { claim: "", value: "" }]);
          }}
        >
          {t("mapping.requireAdd")}
        </Button>
      )}
    </div>
  );
}
