import { Modal, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import styles from "./keyboard_help.module.css";
import { useShortcutsOn } from "./shortcuts.ts";

const groups = {
  list: [["↑", "↓"], ["Enter"], ["Space"], ["Shift", "↓"], ["Ctrl", "A"], ["Esc"]],
  board: [["/"], ["n"], ["a"], ["["], ["]"], ["t"], ["?"]],
} as const;
const words = {
  list: ["move", "open", "select", "extend", "selectAll", "clear"],
  board: ["search", "new", "assign", "dayBefore", "dayAfter", "today", "help"],
} as const;

/** Every key the board listens to. */
export default function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("orders");
  const [on, setOn] = useShortcutsOn();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("keys.title")}
      size="lg"
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <div className={styles.groups}>
        {(["list", "board"] as const).map((group) => (
          <section key={group} aria-labelledby={`keys-${group}`}>
            <h3 id={`keys-${group}`}>{t(`keys.${group}`)}</h3>
            <dl className={styles.keys}>
              {words[group].map((word, at) => (
                <div key={word}>
                  <dt>
                    {groups[group][at]!.map((key) => <kbd key={key} className={styles.key}>{key}</kbd>)}
                  </dt>
                  <dd>{t(`keys.${word}`)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className={styles.pointer}>{t("keys.pointer")}</p>
      <Switch
        label={t("keys.on")}
        description={t("keys.onHint")}
        checked={on}
        onChange={(event) => setOn(event.currentTarget.checked)}
      />
    </Modal>
  );
}
