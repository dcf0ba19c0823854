import { Button } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useProblemWords } from "../ui/problem_notice.tsx";
import type { Driving } from "./driving.ts";
import type { Unsent } from "./outbox.ts";
import styles from "./outbox_notice.module.css";

/** What this phone has not been able to send, and what the server would not take. */
export function OutboxNotice({ driving }: { driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const waiting = driving.unsent.filter(({ refusal }) => refusal === null);
  const late = waiting.some(({ tries }) => tries > 0);
  return (
    <>
      <div role="status">
        {late && (
          <div className={styles.late}>
            <IconCloudOff size={22} aria-hidden />
            <div className={styles.words}>
              <p className={styles.title}>{t("unsent.late", { count: waiting.length })}</p>
              <p>{t("unsent.lateHint")}</p>
            </div>
            <Button variant="default" size="lg" onClick={driving.retry}>{t("unsent.retry")}</Button>
          </div>
        )}
      </div>
      {driving.unsent.filter(({ refusal }) => refusal !== null).map((unsent) => (
        <Refused key={unsent.deed.id} unsent={unsent} driving={driving} />
      ))}
    </>
  );
}

function Refused({ unsent: { deed, refusal }, driving }: { unsent: Unsent; driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const words = useProblemWords()(refusal);
  const number = driving.stops.find(({ id }) => id === deed.orderId)?.number ?? "–";
  const what = deed.kind === "step" ? t(`act.${deed.step.to}`) : t(`unsent.${deed.kind}`);
  return (
    <div className={styles.refused} role="alert">
      <p className={styles.title}>{t("unsent.refused", { number, act: what })}</p>
      <p>{[words.title, words.detail, words.next].filter(Boolean).join(". ").replaceAll("..", ".")}</p>
      <Button variant="default" size="lg" onClick={() => driving.discard(deed.orderId)}>
        {t("unsent.discard")}
      </Button>
    </div>
  );
}
