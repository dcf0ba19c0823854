import { notifications } from "@mantine/notifications";

/** Says that something worked, briefly and out of the way; screen readers hear it. */
export function tell(message: string): void {
  notifications.show({ message, color: "green", autoClose: 4_000 });
}

/** Says that something did not work and stays until it is closed. For faults that belong to no form. */
export function tellProblem({ title, detail, next }: { title: string; detail: string; next: string }): void {
  notifications.show({
    title,
    message: [detail, next].filter(Boolean).join(" "),
    color: "red",
    autoClose: false,
  });
}
