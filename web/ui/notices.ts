import { notifications } from "@mantine/notifications";
import i18next from "i18next";

/** Says that something worked, briefly and out of the way; screen readers hear it. */
export function tell(message: string): void {
  notifications.show({ message, color: "green", autoClose: 4_000, closeButtonProps: closeLabel() });
}

/** Says that something did not work and stays until it is closed. For faults that belong to no form. */
export function tellProblem({ title, detail, next }: { title: string; detail: string; next: string }): void {
  const message = [detail, next].filter(Boolean).join(" ");
  notifications.show({ title, message, color: "red", autoClose: false, closeButtonProps: closeLabel() });
}

const closeLabel = () => ({ "aria-label": i18next.t("close") });
