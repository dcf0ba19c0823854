import { IconArrowRight } from "@tabler/icons-react";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./swipe_button.module.css";

interface SwipeButtonProps {
  label: string;
  onConfirm: () => void;
  disabled?: boolean;
}

/** Share of the way after which letting go counts. */
const FAR_ENOUGH = 0.7;
const ARMED_MS = 4_000;

/**
 * For what should not happen in a pocket: swiped across, or pressed twice (WCAG 2.2, 2.5.7 asks for a way without
 * dragging; the keyboard and screen readers take it too).
 */
export function SwipeButton({ label, onConfirm, disabled = false }: SwipeButtonProps) {
  const { t } = useTranslation("driverApp");
  const [share, setShare] = useState(0);
  const [armed, setArmed] = useState(false);
  const drag = useRef<{ from: number; way: number; moved: boolean } | null>(null);

  useEffect(() => {
    if (!armed) return;
    const timer = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(timer);
  }, [armed]);

  const grab = (event: PointerEvent<HTMLButtonElement>) => {
    const button = event.currentTarget;
    button.setPointerCapture(event.pointerId);
    drag.current = { from: event.clientX, way: button.clientWidth - button.clientHeight, moved: false };
  };
  const pull = (event: PointerEvent) => {
    if (drag.current === null) return;
    const travelled = event.clientX - drag.current.from;
    if (Math.abs(travelled) > 8) drag.current.moved = true;
    if (drag.current.moved) setShare(Math.min(1, Math.max(0, travelled / drag.current.way)));
  };
  const release = () => {
    if (share >= FAR_ENOUGH) confirm();
    setShare(0);
  };
  const press = () => {
    // The click that ends a swipe is no press.
    const swiped = drag.current?.moved ?? false;
    drag.current = null;
    if (swiped) return;
    if (armed) confirm();
    else setArmed(true);
  };
  const confirm = () => {
    setArmed(false);
    navigator.vibrate?.(30);
    onConfirm();
  };

  return (
    <button
      type="button"
      className={styles.track}
      data-armed={armed || undefined}
      data-dragging={share > 0 || undefined}
      disabled={disabled}
      onPointerDown={grab}
      onPointerMove={pull}
      onPointerUp={release}
      onPointerCancel={() => {
        drag.current = null;
        setShare(0);
      }}
      onClick={press}
      style={{ "--share": share } as Record<string, number>}
    >
      <span className={styles.fill} aria-hidden />
      <span className={styles.thumb} aria-hidden>
        <IconArrowRight size={26} stroke={2.25} />
      </span>
      <span className={styles.words}>
        <span className={styles.label}>{armed ? t("swipe.armed", { act: label }) : label}</span>
        {!armed && <span className={styles.hint}>{t("swipe.hint")}</span>}
      </span>
    </button>
  );
}
