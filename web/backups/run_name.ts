import { useTranslation } from "react-i18next";
import type { BackupRun } from "../../server/backups/schema.ts";

/** What a run is called: `Full backup`, `Backup of the keys`. */
export function useRunName(): (run: Pick<BackupRun, "kind" | "cluster">) => string {
  const { t } = useTranslation("backups");
  return ({ kind, cluster }) =>
    cluster === "keys" && (kind === "full" || kind === "diff") ? t("kind.keys") : t(`kind.${kind}`);
}
