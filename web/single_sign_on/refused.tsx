import { useTranslation } from "react-i18next";
import type { Provider } from "../../server/access/sso/schema.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { useReasonWords } from "./reason_words.ts";
import styles from "./report.module.css";
import { TryButton } from "./try_button.tsx";
import { Verdict } from "./verdict.tsx";

interface RefusedProps {
  /** As it stands in the address: any word, so it is never shown itself. */
  reason: string;
  provider: Provider | undefined;
}

/** Says why a trial came to nothing before there was anything to report. */
export function Refused({ reason, provider }: RefusedProps) {
  const { t } = useTranslation("singleSignOn");
  const { what, next } = useReasonWords()(reason);
  return (
    <section className={styles.alone} aria-label={t("trial.refused")}>
      <Verdict outcome="failed" title={t("trial.refused")}>
        <p>{what}</p>
        <p>{next}</p>
      </Verdict>
      <div className={styles.acts}>
        {provider !== undefined && <TryButton provider={provider} again />}
        <LinkButton from="/single-sign-on" search={{}} variant="default">{t("trial.close")}</LinkButton>
      </div>
    </section>
  );
}
