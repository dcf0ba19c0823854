import { Checkbox, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { seesAllSites } from "../../server/access/rights.ts";
import { personRoles } from "../access/role_fields.tsx";
import { useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import type { Refusal } from "../ui/faults.ts";
import type { MappedRole } from "./draft.ts";
import styles from "./role_mapping.module.css";

/** Drivers' accounts belong to drivers, so no group gives that role. */
const mappedRoles = personRoles.filter((role) => role !== "driver");

interface Share {
  role: MappedRole;
  siteIds: string[];
}

interface RoleChoiceProps {
  label: string;
  share: Share;
  onChange: (share: Share) => void;
  refusal: Refusal;
  /** Where it stands in the request's body. */
  path: string;
}

/** Which role a group gives; an admin gives those below their own only. */
export function RoleChoice({ label, share, onChange, refusal, path }: RoleChoiceProps) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const { role: own } = useMe();
  const mayGive = (role: MappedRole) => own !== "admin" || (role !== "owner" && role !== "admin");
  return (
    <NativeSelect
      label={label}
      data={mappedRoles.map((role) => ({
        value: role,
        label: t(`common:roles.${role}`),
        disabled: !mayGive(role) && role !== share.role,
      }))}
      value={share.role}
      onChange={({ currentTarget }) => {
        const role = currentTarget.value as MappedRole;
        onChange({ role, siteIds: seesAllSites(role) ? [] : share.siteIds });
      }}
      error={refusal.of(`${path}.role`)}
    />
  );
}

/** At which sites, for roles that do not see every one. */
export function SiteChoices(
  { share, onChange, refusal, path }: Omit<RoleChoiceProps, "label">,
) {
  const { t } = useTranslation("singleSignOn");
  const sites = useQuery(sitesQuery);
  if (seesAllSites(share.role)) return null;
  const fault = refusal.of(`${path}.siteIds`);
  const choices = sites.data?.filter(({ id, active }) => active || share.siteIds.includes(id)) ?? [];
  return (
    <Checkbox.Group
      label={t("mapping.sites")}
      value={share.siteIds}
      onChange={(siteIds) => onChange({ ...share, siteIds })}
      error={fault}
    >
      <div className={styles.sites}>
        {choices.map(({ id, name }) => (
          <Checkbox key={id} value={id} label={name} aria-invalid={fault !== undefined || undefined} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
