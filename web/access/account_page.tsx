import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useMe } from "../session.ts";
import { useColourScheme } from "../ui/colour_scheme.ts";
import form from "../ui/form.module.css";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import styles from "./account_page.module.css";
import { CompanySignIn } from "./company_sign_in.tsx";
import { Factors } from "./factors.tsx";
import { Passkeys } from "./passkeys.tsx";
import { RoleForATime } from "./role_for_a_time.tsx";
import { Sessions } from "./sessions.tsx";

/** The signed-in person's own account: who they are here, their factors, their sessions, their colours. */
export function AccountPage() {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const [scheme, setScheme] = useColourScheme();
  return (
    <div className={styles.page}>
      <PageHeader title={t("account.title")} />
      <Panel>
        <dl className={form.facts}>
          <dt>{t("account.name")}</dt>
          <dd>{me.name ?? t("common:erased")}</dd>
          <dt>{t("account.email")}</dt>
          <dd>{me.email ?? t("common:erased")}</dd>
          <dt>{t("account.role")}</dt>
          <dd>{t(`common:roles.${me.role}`)}</dd>
        </dl>
      </Panel>
      <CompanySignIn />
      <Factors />
      <Passkeys />
      <Sessions />
      <RoleForATime />
      <Panel title={t("account.colours")} lead={t("account.coloursLead")}>
        <SegmentedControl
          aria-label={t("account.colours")}
          value={scheme}
          onChange={(value) => setScheme(value)}
          data={[
            { value: "auto" as const, label: t("common:account.auto") },
            { value: "light" as const, label: t("common:account.light") },
            { value: "dark" as const, label: t("common:account.dark") },
          ]}
        />
      </Panel>
    </div>
  );
}
