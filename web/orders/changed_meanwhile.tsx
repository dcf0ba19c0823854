import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { DeliveryDetail } from "../../server/deliveries/schema.ts";
import { PanelHeading } from "./beside_panel.tsx";
import styles from "./changed_meanwhile.module.css";
import { differing, type DraftField, draftOf, type OrderDraft } from "./draft.ts";

interface ChangedMeanwhileProps {
  /** The order the edit began with. */
  base: DeliveryDetail;
  mine: OrderDraft;
  theirs: DeliveryDetail;
  timeZone: string;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
}

/** Somebody saved the order while it was being edited: what they changed, what is still only typed here, and the way on. */
export function ChangedMeanwhile(
  { base, mine, theirs, timeZone, onKeepMine, onTakeTheirs }: ChangedMeanwhileProps,
) {
  const { t } = useTranslation("orders");
  const { t: words } = useTranslation();
  const notice = useRef<HTMLElement>(null);
  useEffect(() => notice.current?.focus(), []);
  const before = draftOf(base, timeZone), after = draftOf(theirs, timeZone);
  const changed = differing(before, after);
  const typed = new Set(differing(before, mine));
  const shown = (draft: OrderDraft, field: DraftField): string => {
    const value = draft[field];
    if (typeof value === "boolean") return words(value ? "yes" : "no");
    const text = Array.isArray(value) ? value.join(", ") : value;
    return text === "" ? t("changed.empty") : text;
  };
  return (
    <section ref={notice} className={styles.notice} role="alert" tabIndex={-1}>
      <PanelHeading className={styles.heading}>{t("changed.title")}</PanelHeading>
      {base.state !== theirs.state && <p>{t("changed.state", { state: words(`states.${theirs.state}`) })}</p>}
      {changed.length === 0 ? <p>{t("changed.noFields")}</p> : (
        <ul className={styles.changes}>
          {changed.map((field) => (
            <li key={field}>
              <span className={styles.field}>{t(`fields.${field}`)}</span>
              <span>
                <s>{shown(before, field)}</s> → <strong>{shown(after, field)}</strong>
              </span>
              {typed.has(field) && (
                <span className={styles.yours}>{t("changed.yours", { value: shown(mine, field) })}</span>
              )}
            </li>
          ))}
        </ul>
      )}
      <p>{t("changed.kept")}</p>
      <div className={styles.acts}>
        <Button size="sm" onClick={onKeepMine}>{t("changed.keepMine")}</Button>
        <Button size="sm" variant="default" onClick={onTakeTheirs}>{t("changed.takeTheirs")}</Button>
      </div>
    </section>
  );
}
