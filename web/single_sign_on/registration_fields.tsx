import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Provider } from "../../server/access/sso/schema.ts";
import { CopyField } from "../ui/copy_field.tsx";
import type { FieldsProps } from "./fields.ts";
import styles from "./provider_form.module.css";

interface RegistrationFieldsProps extends FieldsProps {
  provider: Provider | undefined;
}

/** What this installation is called, and the addresses that are registered at the provider. */
export function RegistrationFields({ draft, set, refusal, isReadOnly, provider }: RegistrationFieldsProps) {
  const { t } = useTranslation("singleSignOn");
  const { redirectUri, signedOutUri, backChannelLogoutUri } = provider ?? addressesOf(draft.slug);
  return (
    <div className={styles.fields}>
      <TextInput
        label={t("form.name")}
        description={t("form.nameHint")}
        value={draft.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={refusal.of("name")}
        autoComplete="off"
        maxLength={60}
        readOnly={isReadOnly}
      />
      <TextInput
        label={t("form.slug")}
        description={t(provider ? "form.slugFixed" : "form.slugHint")}
        value={draft.slug}
        onChange={(event) => set({ slug: event.currentTarget.value })}
        error={refusal.of("slug")}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={31}
        readOnly={provider !== undefined || isReadOnly}
      />
      <p>{t("form.addresses")}</p>
      <CopyField label={t("form.redirect")} value={redirectUri} />
      <CopyField label={t("form.signedOut")} value={signedOutUri} />
      <CopyField label={t("form.backChannel")} value={backChannelLogoutUri} />
    </div>
  );
}

/** As the server will have them once the provider is there. */
function addressesOf(slug: string) {
  const { origin } = globalThis.location;
  return {
    redirectUri: `${origin}/sso/${slug}/callback`,
    signedOutUri: `${origin}/sign-in`,
    backChannelLogoutUri: `${origin}/sso/${slug}/logout`,
  };
}
