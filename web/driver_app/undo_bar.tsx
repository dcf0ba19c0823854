import { UnstyledButton } from "@mantine/core";
import { IconArrowBackUp, IconCheck, IconCloudUpload } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Driving } from "./driving.ts";
import styles from "./undo_bar.module.css";

const OFFERED_MS = 10_000;

/** What was just done, with the way back for ten seconds; later it is in the stop itself. */
export function UndoBar({ driving }: { driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const { justTaken, forget, takeBack, stops, unsent } = driving;

  useEffect(() => {
    if (justTaken === null) return;
    const timer = setTimeout(forget, OFFERED_MS);
    return () => clearTimeout(timer);
  }, [justTaken, forget]);

  const undo = () => {
    for (const { orderId, stepId } of justTaken?.steps ?? []) takeBack(orderId, stepId);
  };
  const [first] = justTaken?.steps ?? [];
  const number = stops.find(({ id }) => id === first?.orderId)?.number ?? "";
  const waiting = unsent.filter(({ deed }) => justTaken?.steps.some(({ stepId }) => stepId === deed.id));
  const sending = waiting.length > 0;
  // What the server refused did not happen, and its own notice says so.
  const happened = justTaken !== null && waiting.every(({ refusal }) => refusal === null);
  return (
    <div role="status">
      {happened && (
        <div key={justTaken.id} className={styles.bar}>
          {sending ? <IconCloudUpload size={20} aria-hidden /> : <IconCheck size={20} aria-hidden />}
          <span className={styles.words}>
            {justTaken.steps.length === 1
              ? `${number} · ${t(`took.${justTaken.to}`)}`
              : t("tookMany", { act: t(`took.${justTaken.to}`), count: justTaken.steps.length })}
          </span>
          <UnstyledButton className={styles.undo} onClick={undo}>
            <IconArrowBackUp size={20} aria-hidden />
            {t("undo")}
          </UnstyledButton>
          <span className={styles.timer} aria-hidden />
        </div>
      )}
    </div>
  );
}
