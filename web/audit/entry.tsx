import { UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconFilter } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { locale } from "../i18n/i18n.ts";
import { clock } from "../ui/times.tsx";
import { EntrySentence } from "./entry_sentence.tsx";
import styles from "./entry.module.css";
import { changesOf, isId } from "./sentence.ts";
import type { AuditEntry } from "./trail.ts";

/** One entry: when, and what as a sentence; the facts as they were recorded on request. */
export function Entry({ entry, timeZone }: { entry: AuditEntry; timeZone: string }) {
  const { t } = useTranslation("audit");
  const [opened, setOpened] = useState(false);
  const id = useId();
  const full = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "full", timeStyle: "long" });
  const exact = full.format(new Date(entry.at));
  return (
    <li className={styles.entry}>
      <div className={styles.line}>
        <time className={styles.time} dateTime={entry.at} title={exact}>
          {clock(entry.at, timeZone)}
          <span className={styles.ago}>{ago(entry.at)}</span>
        </time>
        <EntrySentence entry={entry} />
        <UnstyledButton
          className={styles.open}
          aria-label={t("entry.open")}
          aria-expanded={opened}
          aria-controls={id}
          onClick={() => setOpened(!opened)}
        >
          <IconChevronDown size={18} />
        </UnstyledButton>
      </div>
      <div id={id} className={styles.detail} hidden={!opened}>
        {opened && <Detail entry={entry} exact={exact} />}
      </div>
    </li>
  );
}

function Detail({ entry, exact }: { entry: AuditEntry; exact: string }) {
  const { t } = useTranslation("audit");
  return (
    <>
      <Changes entry={entry} />
      <dl className={styles.facts}>
        <dt>{t("entry.id")}</dt>
        <dd>{entry.id}</dd>
        <dt>{t("entry.act")}</dt>
        <dd>
          <code>{entry.act}</code>
        </dd>
        <dt>{t("entry.at")}</dt>
        <dd>{exact}</dd>
        <dt>{t("entry.actor")}</dt>
        <dd>
          {entry.actorId === null ? t("entry.nobody") : <Fact value={entry.actorId} names={entry.names} />}
        </dd>
        {Object.entries(entry.detail).map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              {(Array.isArray(value) ? value : [value]).map((one, index) => (
                <Fact key={index} value={one} names={entry.names} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** A value as it was recorded; an id with the name it stands for and a way to all entries about it. */
function Fact({ value, names }: { value: unknown; names: AuditEntry["names"] }) {
  const { t } = useTranslation(["audit", "common"]);
  if (typeof value !== "string" || !isId(value)) {
    return <code className={styles.value}>{typeof value === "string" ? value : JSON.stringify(value)}</code>;
  }
  const name = names[value];
  return (
    <span className={styles.value}>
      {name !== undefined && <span>{name ?? t("common:erased")}</span>}
      <code className={styles.id}>{value}</code>
      <Link
        to="/audit"
        search={{ thing: value }}
        className={styles.about}
        aria-label={`${t("filters.about")}: ${name ?? value}`}
        title={t("filters.about")}
      >
        <IconFilter size={14} aria-hidden />
      </Link>
    </span>
  );
}

function Changes({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation("audit");
  const changes = changesOf(entry);
  if (changes.length === 0) return null;
  const shown = (value: unknown) =>
    value === null || value === undefined || value === ""
      ? <em>{t("entry.empty")}</em>
      : typeof value === "string"
      ? value
      : JSON.stringify(value);
  return (
    <table className={styles.changes}>
      <caption>{t("entry.changes")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("entry.field")}</th>
          <th scope="col">{t("entry.before")}</th>
          <th scope="col">{t("entry.after")}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, values }) => (
          <tr key={field}>
            <th scope="row">
              {t(`fields.${field}` as "unknown", { defaultValue: field })}
            </th>
            {values === null
              ? (
                <td colSpan={2}>
                  <em className={styles.erased}>{t("entry.gone")}</em>
                </td>
              )
              : (
                <>
                  <td>{shown(values.from)}</td>
                  <td>{shown(values.to)}</td>
                </>
              )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });

/** `5 min. ago`, in the largest unit that fits. */
function ago(instant: string): string {
  const seconds = Math.round((Date.parse(instant) - Date.now()) / 1000);
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]] as const;
  const [unit, size] = units.find(([, size]) => -seconds >= size) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}
