import { Anchor } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { allows, type Right, rights, type Role, roles, seesAllSites } from "../../server/access/rights.ts";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import styles from "./roles_page.module.css";

/** Where a right stands in the table, by the word before its dot. */
const groupOf: Record<string, "own" | "company" | "people" | "fleet" | "orders" | "proof"> = {
  "own-session": "own",
  company: "company",
  sites: "company",
  accounts: "people",
  elevations: "people",
  keys: "people",
  sso: "people",
  "sign-in-policy": "people",
  drivers: "fleet",
  orders: "orders",
  proofs: "orders",
  audit: "proof",
  backups: "proof",
};
const groups = [...new Set(Object.values(groupOf))];
const rightsIn = (group: string): Right[] =>
  rights.filter((right) => (groupOf[right.split(".")[0]!] ?? "own") === group);

/** The table of rights that the server goes by, to be read (ASVS 5.0 V8.1.1). */
export function RolesPage() {
  const { t } = useTranslation(["roles", "common"]);
  return (
    <>
      <PageHeader
        back={<Anchor component={Link} to="/people" size="sm">{t("back")}</Anchor>}
        title={t("title")}
        lead={t("lead")}
      />
      <Panel flush>
        {/* Wider than a phone: it scrolls by itself, and the first column stays. */}
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={t("title")}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t("right")}</th>
                {roles.map((role) => <th key={role} scope="col">{t(`common:roles.${role}`)}</th>)}
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">{t("reach")}</th>
                {roles.map((role) => (
                  <td key={role} className={styles.reach}>
                    {t(seesAllSites(role) ? "everySite" : "ownSites")}
                  </td>
                ))}
              </tr>
            </tbody>
            {groups.map((group) => (
              <tbody key={group}>
                <tr className={styles.group}>
                  <th scope="rowgroup" colSpan={roles.length + 1}>{t(`groups.${group}`)}</th>
                </tr>
                {rightsIn(group).map((right) => (
                  <tr key={right}>
                    <th scope="row">{t(`rights.${right}`)}</th>
                    {roles.map((role) => <Given key={role} role={role} right={right} />)}
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      </Panel>
      <p className={styles.note}>
        {t("integrationHint")}
        <br />
        {t("forATime")}
      </p>
    </>
  );
}

function Given({ role, right }: { role: Role; right: Right }) {
  const { t } = useTranslation("roles");
  return (
    <td>
      {allows(role, right)
        ? (
          <>
            <IconCheck size={18} className={styles.yes} aria-hidden />
            <span className={styles.heard}>{t("yes")}</span>
          </>
        )
        : (
          <>
            <span className={styles.no} aria-hidden>–</span>
            <span className={styles.heard}>{t("no")}</span>
          </>
        )}
    </td>
  );
}
