import { Button, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./confirm_dialog.module.css";
import { ProblemNotice } from "./problem_notice.tsx";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  /** A question naming the thing: "Sign out this phone?" */
  title: string;
  /** What will happen, and whether it can be undone. */
  children: ReactNode;
  /** The act's own verb, never "OK". */
  act: string;
  /** What the other button says, where "Cancel" would be read as the act itself. */
  dismiss?: string;
  /** Runs the act; the dialog closes when it succeeds and shows the problem when it does not. */
  onConfirm: () => Promise<unknown>;
  /** Colours the button red, for what cannot be undone. */
  grave?: boolean;
}

/** Asks before an act with consequences. */
export function ConfirmDialog(
  { opened, onClose, title, children, act, dismiss, onConfirm, grave = false }: ConfirmDialogProps,
) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const close = () => {
    setProblem(null);
    onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      close();
    } catch (fault) {
      setProblem(fault);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <div className={styles.body}>
        <div>{children}</div>
        {problem !== null && <ProblemNotice problem={problem} />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={close} data-autofocus>{dismiss ?? t("cancel")}</Button>
          <Button color={grave ? "red" : undefined} onClick={confirm} loading={busy}>{act}</Button>
        </div>
      </div>
    </Modal>
  );
}
