import { useLocalStorage } from "@mantine/hooks";
import { useEffect, useRef } from "react";

/** What single keys do on the board. */
export type Shortcuts = Partial<Record<"/" | "?" | "n" | "a" | "t" | "[" | "]" | "Escape", () => void>>;

/** Whether single keys act. Who dictates or has other tools listening can switch them off (WCAG 2.2, 2.1.4). */
export function useShortcutsOn(): [boolean, (on: boolean) => void] {
  const [on, setOn] = useLocalStorage({
    key: "fleethold-shortcuts",
    defaultValue: true,
    getInitialValueInEffect: false,
  });
  return [on, setOn];
}

/** Runs shortcuts wherever the focus is, except in fields and dialogs. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const [on] = useShortcutsOn();
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const act = latest.current[event.key as keyof Shortcuts];
      if (act === undefined || event.defaultPrevented || (!on && event.key !== "Escape")) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isElsewhere(event.target)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, [on]);
}

const isElsewhere = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]") !==
    null;
