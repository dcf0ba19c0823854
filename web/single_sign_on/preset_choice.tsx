import { IconLogin2 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "../session.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LinkButton } from "../ui/link_button.tsx";
import { Panel } from "../ui/panel.tsx";
import styles from "./preset_choice.module.css";
import { type Preset, presets } from "./presets.ts";

/** Which kind of provider is connected; before the first one, also what it is good for. */
export function PresetChoice({ isFirst }: { isFirst: boolean }) {
  const { t } = useTranslation(["singleSignOn", "common"]);
  const mayWrite = useCan("sso.write");
  if (!mayWrite) {
    return (
      <Panel>
        <EmptyState
          icon={<IconLogin2 size={26} />}
          title={t("empty.none")}
          detail={t("empty.readOnly")}
        />
      </Panel>
    );
  }
  return (
    <Panel
      title={t(isFirst ? "empty.title" : "choose.heading")}
      lead={isFirst ? t("empty.lead") : undefined}
      actions={!isFirst && (
        <LinkButton from="/single-sign-on" search={{}} variant="default">{t("common:cancel")}</LinkButton>
      )}
    >
      <div className={styles.words}>
        <h3 id="which-provider">{t("choose.title")}</h3>
        <p>{t("choose.lead")}</p>
      </div>
      <ul className={styles.cards} aria-labelledby="which-provider">
        {(Object.keys(presets) as Preset[]).map((preset) => (
          <li key={preset}>
            <Link from="/single-sign-on" search={{ add: preset }} className={styles.card}>
              <span className={styles.name}>{t(`presets.${preset}.name`)}</span>
              <span className={styles.hint}>{t(`presets.${preset}.hint`)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
