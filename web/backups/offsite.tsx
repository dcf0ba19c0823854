import { Button } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { OffsiteState } from "../../server/backups/schema.ts";
import { useCan } from "../session.ts";
import { Panel } from "../ui/panel.tsx";
import { useAsking } from "./asking.ts";
import { Facts } from "./facts.tsx";
import { ago, size } from "./measures.ts";
import styles from "./offsite.module.css";

/** The copy that lies elsewhere, or how to get one. */
export function Offsite({ offsite }: { offsite: OffsiteState | null }) {
  const { t } = useTranslation("backups");
  return (
    <Panel title={t("offsite.title")} lead={t("offsite.lead")}>
      {offsite === null ? <None /> : <Copy offsite={offsite} />}
    </Panel>
  );
}

function None() {
  const { t } = useTranslation("backups");
  return (
    <div className={styles.none}>
      <IconCloudOff size={22} aria-hidden />
      <div>
        <p className={styles.title}>{t("offsite.none")}</p>
        <p>{t("offsite.noneDetail")}</p>
        <p>{t("offsite.how")}</p>
      </div>
    </div>
  );
}

function Copy({ offsite }: { offsite: OffsiteState }) {
  const { t } = useTranslation("backups");
  const when = (at: string | null) => at === null ? t("never") : ago(at);
  const mayAsk = useCan("backups.run");
  const ask = useAsking();
  const { refusesDeletion, bytes, copies } = offsite;
  return (
    <>
      {offsite.failure !== null && (
        <p className={styles.failure}>
          <strong>{t("offsite.failure")}:</strong> {offsite.failure}
        </p>
      )}
      <Facts
        facts={[
          {
            name: t("offsite.where"),
            value: t(`offsite.kind.${offsite.kind}`),
            detail: offsite.address,
          },
          { name: t("offsite.copied"), value: when(offsite.lastCopyAt) },
          { name: t("offsite.checked"), value: when(offsite.lastVerifiedAt) },
          { name: t("offsite.read"), value: when(offsite.lastFullVerifiedAt) },
          {
            name: t("offsite.deletion"),
            value: t(
              refusesDeletion === null
                ? "offsite.untried"
                : refusesDeletion
                ? "offsite.refused"
                : "offsite.allowed",
            ),
            isWrong: refusesDeletion === false,
          },
          ...(bytes === null ? [] : [{
            name: t("offsite.size"),
            value: size(bytes),
            ...(copies !== null && { detail: t("offsite.sizeDetail", { count: copies }) }),
          }]),
        ]}
      />
      {mayAsk && (
        <div className={styles.act}>
          <Button
            variant="default"
            disabled={offsite.lastCopyAt === null}
            loading={ask.isPending}
            onClick={() => ask.mutate("offsite-drill")}
          >
            {t("offsite.drill")}
          </Button>
          <p>{t("offsite.drillDetail")}</p>
        </div>
      )}
    </>
  );
}
