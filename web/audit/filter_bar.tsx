import { Button, Select, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Account } from "../../server/access/schema.ts";
import { everyPage } from "../every_page.ts";
import { useCan } from "../session.ts";
import styles from "./filter_bar.module.css";
import type { TrailFilters } from "./filters.ts";
import { actsQuery, type AuditEntry } from "./trail.ts";

interface FilterBarProps {
  filters: TrailFilters;
  /** What is shown, for the name of the thing it is narrowed to. */
  entries: readonly AuditEntry[];
}

/** What narrows the trail; kept in the address, so that a view of it can be handed on. */
export function FilterBar({ filters, entries }: FilterBarProps) {
  const { t } = useTranslation(["audit", "common"]);
  const navigate = useNavigate();
  const acts = useQuery(actsQuery);
  const mayName = useCan("accounts.read");
  const accounts = useQuery({
    queryKey: ["accounts", "all"],
    queryFn: () => everyPage<Account>("/accounts"),
    enabled: mayName,
    staleTime: 5 * 60_000,
  });
  const narrow = (change: TrailFilters) => {
    const next = Object.entries({ ...filters, ...change }).filter(([, value]) => value);
    void navigate({ to: "/audit", search: Object.fromEntries(next) });
  };
  const { thing, actor } = filters;
  const thingName = thing &&
    (entries.find(({ names }) => names[thing])?.names[thing] ?? `…${thing.slice(-6)}`);
  const people = accounts.data?.map(({ id, name, email }) => ({
    value: id,
    label: name ?? email ?? t("common:erased"),
  })) ?? [];
  // An account that is named in the address only is still a choice that was made.
  const unnamed = actor && !people.some(({ value }) => value === actor)
    ? [{
      value: actor,
      label: entries.find(({ actorId }) => actorId === actor)?.actorName ?? `…${actor.slice(-6)}`,
    }]
    : [];

  return (
    <div role="search" aria-label={t("filters.label")} className={styles.bar}>
      <Select
        className={styles.wide}
        label={t("filters.act")}
        placeholder={t("filters.anyAct")}
        data={useActChoices(acts.data?.items ?? [], filters.act)}
        value={filters.act ?? null}
        onChange={(act) => narrow({ act: act ?? undefined })}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("common:clear") }}
      />
      {(mayName || actor) && (
        <Select
          className={styles.wide}
          label={t("filters.actor")}
          placeholder={t("filters.anybody")}
          data={[...people, ...unnamed]}
          value={actor ?? null}
          onChange={(chosen) => narrow({ actor: chosen ?? undefined })}
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("common:clear") }}
        />
      )}
      <TextInput
        type="date"
        label={t("filters.from")}
        defaultValue={filters.from ?? ""}
        max={filters.to}
        onChange={(event) => narrow({ from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={t("filters.to")}
        defaultValue={filters.to ?? ""}
        min={filters.from}
        onChange={(event) => narrow({ to: event.currentTarget.value })}
      />
      {thingName && (
        <Button
          variant="light"
          rightSection={<IconX size={16} aria-hidden />}
          aria-label={`${t("filters.thing")} ${thingName}: ${t("common:clear")}`}
          onClick={() => narrow({ thing: undefined })}
        >
          {t("filters.thing")} {thingName}
        </Button>
      )}
      {Object.keys(filters).length > 0 && (
        <Button
          variant="subtle"
          onClick={() => void navigate({ to: "/audit", search: {} })}
        >
          {t("filters.reset")}
        </Button>
      )}
    </div>
  );
}

/** The acts in the trail by what they are about; each group begins with everything about it. */
function useActChoices(acts: readonly string[], chosen: string | undefined) {
  const { t } = useTranslation("audit");
  const all = chosen === undefined || chosen.endsWith(".") || acts.includes(chosen)
    ? acts
    : [...acts, chosen];
  const nouns = Map.groupBy(all, (act) => act.split(".")[0]!);
  return [...nouns].map(([noun, of]) => {
    const name: string = t(`nouns.${noun}` as "unknown", { defaultValue: noun.replaceAll("-", " ") });
    return {
      group: name,
      items: [
        ...(of.length > 1
          ? [{ value: `${noun}.`, label: `${name}: ${t("filters.everything").toLowerCase()}` }]
          : []),
        ...of.map((act) => ({ value: act, label: `${name}: ${act.split(".")[1]!.replaceAll("-", " ")}` })),
      ],
    };
  });
}
