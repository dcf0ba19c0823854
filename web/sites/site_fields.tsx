import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SiteFields as Site } from "../../server/sites/schema.ts";
import { TimeZoneField } from "../company/company_fields.tsx";
import type { Refusal } from "../ui/faults.ts";
import form from "../ui/form.module.css";

interface SiteFieldsProps {
  site: Site;
  onChange: (site: Site) => void;
  refusal: Refusal;
  /** Where the site stands in the request's body: `site.` in the set-up, nothing on its own page. */
  prefix?: string;
}

/** What is known of a site. An emptied field is an absent one. */
export function SiteFields({ site, onChange, refusal, prefix = "" }: SiteFieldsProps) {
  const { t } = useTranslation("sites");
  const text = (value: string) => value === "" ? null : value;
  return (
    <>
      <TextInput
        label={t("name")}
        description={t("nameHint")}
        value={site.name}
        onChange={(event) => onChange({ ...site, name: event.currentTarget.value })}
        error={refusal.of(`${prefix}name`)}
        maxLength={80}
        required
        withAsterisk={false}
      />
      <TextInput
        label={t("street")}
        value={site.street ?? ""}
        onChange={(event) => onChange({ ...site, street: text(event.currentTarget.value) })}
        error={refusal.of(`${prefix}street`)}
        autoComplete="street-address"
        maxLength={120}
      />
      <div className={form.pair} data-narrow-first>
        <TextInput
          label={t("postcode")}
          value={site.postcode ?? ""}
          onChange={(event) => onChange({ ...site, postcode: text(event.currentTarget.value) })}
          error={refusal.of(`${prefix}postcode`)}
          autoComplete="postal-code"
          maxLength={16}
        />
        <TextInput
          label={t("city")}
          value={site.city ?? ""}
          onChange={(event) => onChange({ ...site, city: text(event.currentTarget.value) })}
          error={refusal.of(`${prefix}city`)}
          autoComplete="address-level2"
          maxLength={80}
        />
      </div>
      <TimeZoneField
        label={t("timeZone")}
        value={site.timeZone}
        onChange={(timeZone) => onChange({ ...site, timeZone })}
        error={refusal.of(`${prefix}timeZone`)}
      />
    </>
  );
}
