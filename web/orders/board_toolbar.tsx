import { ActionIcon, Button, CloseButton, NativeSelect, TextInput, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconSearch } from "@tabler/icons-react";
import { type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Site } from "../../server/sites/schema.ts";
import { dayAfter } from "./board_filters.ts";
import styles from "./board_toolbar.module.css";

interface DaySwitcherProps {
  /** A calendar day, or `all`. */
  day: string;
  today: string;
  onChange: (day: string) => void;
  /** While a search looks at every day. */
  suspended: boolean;
}

/** Which day the board shows. */
export function DaySwitcher({ day, today, onChange, suspended }: DaySwitcherProps) {
  const { t } = useTranslation("orders");
  const from = day === "all" ? today : day;
  return (
    <div className={styles.days} role="group" aria-label={t("day.label")}>
      <ActionIcon.Group>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t("day.before")}
          disabled={suspended}
          onClick={() => onChange(dayAfter(from, -1))}
        >
          <IconChevronLeft size={18} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t("day.after")}
          disabled={suspended}
          onClick={() => onChange(dayAfter(from, 1))}
        >
          <IconChevronRight size={18} />
        </ActionIcon>
      </ActionIcon.Group>
      <TextInput
        type="date"
        aria-label={t("day.date")}
        className={styles.date}
        size="sm"
        value={day === "all" ? "" : day}
        disabled={suspended}
        onChange={({ currentTarget: { value } }) => value !== "" && onChange(value)}
      />
      <Button
        variant="default"
        className={styles.pressed}
        size="sm"
        aria-pressed={!suspended && day === today}
        disabled={suspended}
        onClick={() => onChange(today)}
      >
        {t("day.today")}
      </Button>
      <Button
        variant="default"
        className={styles.pressed}
        size="sm"
        aria-pressed={!suspended && day === "all"}
        disabled={suspended}
        onClick={() => onChange("all")}
      >
        {t("day.all")}
      </Button>
    </div>
  );
}

interface SiteFilterProps {
  sites: Site[];
  value: string | undefined;
  onChange: (site: string | undefined) => void;
}

/** One site or all of them; nothing for those who have only one. */
export function SiteFilter({ sites, value, onChange }: SiteFilterProps) {
  const { t } = useTranslation("orders");
  if (sites.length < 2) return null;
  return (
    <NativeSelect
      aria-label={t("site")}
      className={styles.site}
      size="sm"
      data={[
        { value: "", label: t("everySite") },
        ...sites.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      value={value ?? ""}
      onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
    />
  );
}

interface SearchFieldProps {
  ref: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (text: string) => void;
}

/** How long typing must pause before the search starts, in milliseconds. */
const PAUSE = 250;

/** Finds orders by number, name, phone, e-mail or words of the address. */
export function SearchField({ ref, value, onChange }: SearchFieldProps) {
  const { t } = useTranslation("orders");
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    // The address has changed by itself: somebody went back, or cleared the filters.
    setSent(value);
    if (value !== text.trim()) setText(value);
  }
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);

  return (
    <Tooltip label={t("search.hint")} openDelay={600} events={{ hover: true, focus: false, touch: false }}>
      <TextInput
        ref={ref}
        type="search"
        className={styles.search}
        classNames={{ input: styles.searchInput }}
        size="sm"
        aria-label={t("search.label")}
        placeholder={t("search.placeholder")}
        value={text}
        onChange={(event) =>
          setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || text === "") {
            return;
          }
          event.stopPropagation();
          setText("");
          onChange("");
        }}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={text === "" ? <kbd className={styles.key}>/</kbd> : (
          <CloseButton
            size="sm"
            aria-label={t("search.clear")}
            onClick={() => (setText(""), onChange(""))}
          />
        )}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
      />
    </Tooltip>
  );
}
