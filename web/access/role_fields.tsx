import { Checkbox, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type Role, roles, seesAllSites } from "../../server/access/rights.ts";
import { sitesQuery } from "../sites/queries.ts";
import type { Refusal } from "../ui/faults.ts";
import form from "../ui/form.module.css";

/** The roles a person can have; integration is for programs. */
export type PersonRole = Exclude<Role, "integration">;
export const personRoles = roles.filter((role): role is PersonRole => role !== "integration");

export interface Reach {
  role: PersonRole;
  siteIds: string[];
}

interface RoleFieldsProps {
  reach: Reach;
  onChange: (reach: Reach) => void;
  refusal: Refusal;
  disabled?: boolean;
}

/** What somebody may do, and where: roles that see every site need no choice of sites. */
export function RoleFields({ reach, onChange, refusal, disabled = false }: RoleFieldsProps) {
  const { t } = useTranslation(["access", "common"]);
  const sites = useQuery(sitesQuery);
  const choices = sites.data?.filter(({ id, active }) => active || reach.siteIds.includes(id)) ?? [];
  return (
    <>
      <NativeSelect
        label={t("people.role")}
        description={t(`people.roleHints.${reach.role}`)}
        data={personRoles.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
        value={reach.role}
        onChange={(event) => onChange({ ...reach, role: event.currentTarget.value as PersonRole })}
        error={refusal.of("role")}
        disabled={disabled}
      />
      {!seesAllSites(reach.role) && (
        <Checkbox.Group
          label={t("people.sites")}
          description={t("people.chooseSites")}
          value={reach.siteIds}
          onChange={(siteIds) => onChange({ ...reach, siteIds })}
          error={refusal.of("siteIds")}
          disabled={disabled}
        >
          <div className={form.choices}>
            {choices.map(({ id, name }) => <Checkbox key={id} value={id} label={name} />)}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}
