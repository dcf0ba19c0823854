import { NativeSelect, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProviderSettings } from "../../server/access/sso/schema.ts";
import type { FieldsProps } from "./fields.ts";
import styles from "./provider_form.module.css";

/** What stands in here; a fault of any of it unfolds it. */
const names = [
  "scopes",
  "groupClaim",
  "subjectClaim",
  "acrValues",
  "amrValues",
  "proofBy",
  "responseMode",
  "signOutThere",
] as const satisfies readonly (keyof ProviderSettings)[];

/** What is right as it is for most, folded. */
export function MoreSettings({ draft: { settings }, setSettings, refusal, isReadOnly }: FieldsProps) {
  const { t } = useTranslation("singleSignOn");
  const [isOpen, setOpen] = useState(false);
  const of = (name: typeof names[number]) => refusal.of(`settings.${name}`);
  const isRefused = names.some((name) => of(name) !== undefined);
  const words = (name: "scopes" | "acrValues" | "amrValues", label: string, description: string) => (
    <WordsField
      label={label}
      description={description}
      words={settings[name]}
      onChange={(words) => setSettings({ [name]: words })}
      error={of(name)}
    />
  );
  return (
    <details
      className={styles.more}
      open={isOpen || isRefused}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{t("form.more")}</summary>
      <fieldset className={styles.fields} disabled={isReadOnly}>
        {words("scopes", t("form.scopes"), t("form.scopesHint"))}
        <TextInput
          label={t("form.groupClaim")}
          description={t("form.groupClaimHint")}
          value={settings.groupClaim ?? ""}
          onChange={({ currentTarget: { value } }) =>
            setSettings({ groupClaim: value === "" ? null : value })}
          error={of("groupClaim")}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
        />
        <NativeSelect
          label={t("form.subjectClaim")}
          data={(["sub", "oid"] as const).map((value) => ({ value, label: t(`form.subject.${value}`) }))}
          value={settings.subjectClaim}
          onChange={({ currentTarget }) =>
            setSettings({ subjectClaim: currentTarget.value as ProviderSettings["subjectClaim"] })}
          error={of("subjectClaim")}
        />
        {settings.secondFactor === "claimed" && (
          <>
            {words("amrValues", t("form.amrValues"), t("form.amrHint"))}
            {words("acrValues", t("form.acrValues"), t("form.acrHint"))}
          </>
        )}
        <NativeSelect
          label={t("form.proofBy")}
          description={t("form.proofByHint")}
          data={(["auth-time", "return"] as const).map((value) => ({
            value,
            label: t(`form.proof.${value}`),
          }))}
          value={settings.proofBy}
          onChange={({ currentTarget }) =>
            setSettings({ proofBy: currentTarget.value as ProviderSettings["proofBy"] })}
          error={of("proofBy")}
        />
        <NativeSelect
          label={t("form.responseMode")}
          data={(["query", "form_post"] as const).map((value) => ({
            value,
            label: t(`form.response.${value}`),
          }))}
          value={settings.responseMode}
          onChange={({ currentTarget }) =>
            setSettings({ responseMode: currentTarget.value as ProviderSettings["responseMode"] })}
          error={of("responseMode")}
        />
        <Switch
          label={t("form.signOutThere")}
          checked={settings.signOutThere}
          onChange={(event) => setSettings({ signOutThere: event.currentTarget.checked })}
        />
      </fieldset>
    </details>
  );
}

interface WordsFieldProps {
  label: string;
  description: string;
  words: string[];
  onChange: (words: string[]) => void;
  error: string | undefined;
}

/** Several words with spaces between, as providers' consoles write them too. */
function WordsField({ label, description, words, onChange, error }: WordsFieldProps) {
  // What is typed may end in a space.
  const [text, setText] = useState(words.join(" "));
  return (
    <TextInput
      label={label}
      description={description}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        onChange(value.split(/\s+/).filter((word) => word !== ""));
      }}
      error={error}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
    />
  );
}
