import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sitesQuery } from "./queries.ts";

interface SiteChoiceProps {
  label: string;
  value: string;
  onChange: (siteId: string) => void;
  error?: string;
}

/** One of the reader's sites; those out of use are offered only where they are chosen already. */
export function SiteChoice({ label, value, onChange, error }: SiteChoiceProps) {
  const sites = useQuery(sitesQuery);
  const choices = sites.data?.filter(({ id, active }) => active || id === value) ?? [];
  return (
    <NativeSelect
      label={label}
      data={choices.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  );
}
