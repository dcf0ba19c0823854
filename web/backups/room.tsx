import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { BackupState } from "../../server/backups/schema.ts";
import { Panel } from "../ui/panel.tsx";
import { size } from "./measures.ts";
import styles from "./room.module.css";

/** How much room the backups take, and how long what is left will last. */
export function Room({ repository }: { repository: BackupState["repository"] }) {
  const { t } = useTranslation("backups");
  const { usedBytes, freeBytes, fullInDays } = repository;
  const [used, free] = [size(usedBytes), size(freeBytes)];
  const share = usedBytes / Math.max(usedBytes + freeBytes, 1) * 100;
  return (
    <Panel title={t("room.title")}>
      <div className={styles.room}>
        <Progress
          value={Math.max(share, 1)}
          size="xl"
          color={share >= 90 ? "red" : undefined}
          aria-label={t("room.bar", { used, free })}
        />
        <p className={styles.ends}>
          <span>
            {t("room.used")} <strong>{used}</strong>
          </span>
          <span>
            {t("room.free")} <strong>{free}</strong>
          </span>
        </p>
        <p className={styles.forecast}>
          {fullInDays === null ? t("room.long") : t("room.forecast", { count: Math.floor(fullInDays) })}
        </p>
      </div>
    </Panel>
  );
}
