import { Button, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import form from "../ui/form.module.css";

/** Asks before what was typed is thrown away: by a link, by going back, by closing the tab. */
export function LeaveGuard({ dirty }: { dirty: boolean }) {
  const { t } = useTranslation("orders");
  const blocker = useBlocker({
    // The board's filters may change beside a form; the form stays.
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Modal
      opened
      onClose={blocker.reset}
      title={t("leaving.title")}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <p>{t("leaving.detail")}</p>
      <div className={form.buttons}>
        <Button variant="default" onClick={blocker.proceed}>{t("leaving.leave")}</Button>
        <Button onClick={blocker.reset} data-autofocus>{t("leaving.stay")}</Button>
      </div>
    </Modal>
  );
}
