import { Button, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import styles from "./refused_dialog.module.css";

export interface Refused {
  id: string;
  number: string;
  reason: string;
}

/** Which orders were refused and why; the others are done. */
export default function RefusedDialog(
  { title, orders, onClose }: { title: string; orders: Refused[]; onClose: () => void },
) {
  const { t } = useTranslation("orders");
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <p className={styles.lead}>{t("refused.lead")}</p>
      <ul className={styles.list}>
        {orders.map(({ id, number, reason }) => (
          <li key={id}>
            <strong>{number}</strong>
            <span>{reason}</span>
          </li>
        ))}
      </ul>
      <div className={styles.foot}>
        <Button onClick={onClose} data-autofocus>{t("refused.seen")}</Button>
      </div>
    </Modal>
  );
}
