import { NativeSelect, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Company } from "../../server/company/schema.ts";
import type { Refusal } from "../ui/faults.ts";
import { countries, timeZones } from "./places.ts";

interface CompanyFieldsProps {
  company: Company;
  onChange: (company: Company) => void;
  refusal: Refusal;
  /** Where the company stands in the request's body: `company.` in the set-up, nothing on its own page. */
  prefix?: string;
  disabled?: boolean;
}

/** What is known of the company. */
export function CompanyFields(
  { company, onChange, refusal, prefix = "", disabled = false }: CompanyFieldsProps,
) {
  const { t } = useTranslation("company");
  const places = useMemo(countries, []);
  return (
    <>
      <TextInput
        label={t("name")}
        value={company.name}
        onChange={(event) => onChange({ ...company, name: event.currentTarget.value })}
        error={refusal.of(`${prefix}name`)}
        autoComplete="organization"
        maxLength={120}
        required
        withAsterisk={false}
        disabled={disabled}
      />
      <TimeZoneField
        label={t("timeZone")}
        description={t("timeZoneHint")}
        value={company.timeZone}
        onChange={(timeZone) => onChange({ ...company, timeZone })}
        error={refusal.of(`${prefix}timeZone`)}
        disabled={disabled}
      />
      <NativeSelect
        label={t("holidays")}
        description={t("holidaysHint")}
        data={places}
        value={company.holidays}
        onChange={(event) => onChange({ ...company, holidays: event.currentTarget.value })}
        error={refusal.of(`${prefix}holidays`)}
        disabled={disabled}
      />
    </>
  );
}

interface TimeZoneFieldProps {
  label: string;
  description?: string;
  value: string;
  onChange: (timeZone: string) => void;
  error?: string;
  disabled?: boolean;
}

/** An IANA time zone, by region and city. */
export function TimeZoneField({ label, description, value, onChange, error, disabled }: TimeZoneFieldProps) {
  const zones = useMemo(() => timeZones(value), [value]);
  return (
    <NativeSelect
      label={label}
      description={description}
      data={zones}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      disabled={disabled}
    />
  );
}
