import { Button, Drawer } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "./form_drawer.module.css";

interface FormDrawerProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Left out when there is nothing (more) to send: then the only button closes. */
  onSubmit?: () => void;
  busy?: boolean;
  /** The button's verb; "Save" when left out. */
  act?: string;
  /** Rarer acts, at the far end from the main one. */
  asides?: ReactNode;
}

/** A form at the side of the list it belongs to; the whole screen on phones. */
export function FormDrawer(
  { opened, onClose, title, children, onSubmit, busy = false, act, asides }: FormDrawerProps,
) {
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // React bubbles a portal's events to the form it was opened from.
    event.stopPropagation();
    onSubmit?.();
  };
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      size="28rem"
      closeButtonProps={{ "aria-label": t("close") }}
      classNames={{
        content: styles.content,
        header: styles.header,
        body: styles.body,
        title: styles.title,
      }}
    >
      <form className={styles.form} onSubmit={submit} noValidate>
        <div className={styles.fields}>{children}</div>
        <div className={styles.foot}>
          {asides}
          <span className={styles.gap} />
          {onSubmit === undefined ? <Button onClick={onClose}>{t("done")}</Button> : (
            <>
              <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
              <Button type="submit" loading={busy}>{act ?? t("save")}</Button>
            </>
          )}
        </div>
      </form>
    </Drawer>
  );
}
