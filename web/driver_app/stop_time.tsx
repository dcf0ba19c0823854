import { IconClock, IconClockExclamation } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { TimeWindow } from "../ui/times.tsx";
import { punctuality, type Stop } from "./stop.ts";
import styles from "./stop_time.module.css";

/** A stop's window, and a warning once it closes soon or has closed. */
export function StopTime({ stop, timeZone }: { stop: Stop; timeZone: string }) {
  const { t } = useTranslation("driverApp");
  const punctual = punctuality(stop, useNow());
  const span = (minutes: number) =>
    minutes < 60
      ? t("window.minutes", { minutes })
      : t("window.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
  return (
    <span className={styles.time} data-is={punctual.is}>
      {punctual.is === "fine"
        ? <IconClock size={16} aria-hidden />
        : <IconClockExclamation size={18} aria-hidden />}
      <TimeWindow window={stop.window} timeZone={timeZone} />
      {punctual.is !== "fine" && (
        <strong>{t(`window.${punctual.is}`, { span: span(punctual.minutes) })}</strong>
      )}
    </span>
  );
}

/** The time in milliseconds, told anew each half minute. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
