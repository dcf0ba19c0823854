import { Button, Switch } from "@mantine/core";
import { IconChevronRight, IconCloudOff, IconConfetti, IconStarFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { StateBadge } from "../ui/state_badge.tsx";
import { clock, dayName } from "../ui/times.tsx";
import styles from "./day.module.css";
import type { Driving } from "./driving.ts";
import { closedAt, isOver, nextOf, type Stop } from "./stop.ts";
import { StopTime } from "./stop_time.tsx";

interface DayProps {
  day: string;
  driving: Driving;
  /** The stop shown beside the list, on wide screens. */
  opened: string | undefined;
}

/** The day in its order: how far it is, the next stop, the later ones, and those that are done. */
export function Day({ day, driving, opened }: DayProps) {
  const { t } = useTranslation("driverApp");
  const { stops } = driving;
  const next = nextOf(stops);
  const later = stops.filter((stop) => !isOver(stop) && stop !== next);
  const closed = stops.filter(isOver);
  const row = (stop: Stop) => (
    <StopRow
      key={stop.id}
      stop={stop}
      number={stops.indexOf(stop) + 1}
      driving={driving}
      opened={stop.id === opened}
    />
  );
  return (
    <>
      <Progress day={day} done={closed.length} total={stops.length} beside={opened !== undefined} />
      <Batches driving={driving} />
      {next === undefined
        ? <Finished stops={stops} />
        : <NextStop stop={next} driving={driving} opened={next.id === opened} />}
      {later.length > 0 && (
        <>
          <h2 className={styles.heading}>{t("later")}</h2>
          <ol className={styles.rows}>{later.map(row)}</ol>
        </>
      )}
      {closed.length > 0 && (
        <details className={styles.closed} open={next === undefined || undefined}>
          <summary className={styles.summary}>
            <IconChevronRight size={20} aria-hidden />
            {t("closed", { count: closed.length })}
          </summary>
          <ol className={styles.rows}>{closed.map(row)}</ol>
        </details>
      )}
      <PositionSwitch driving={driving} />
    </>
  );
}

interface ProgressProps {
  day: string;
  done: number;
  total: number;
  /** Whether a stop is open: then that is what the page is about. */
  beside: boolean;
}

function Progress({ day, done, total, beside }: ProgressProps) {
  const { t } = useTranslation("driverApp");
  const Title = beside ? "h2" : "h1";
  return (
    <header className={styles.progress}>
      <div className={styles.counts}>
        <div>
          <Title id="page-title" tabIndex={-1} className={styles.title}>{t("title")}</Title>
          <p className={styles.date}>{dayName(day)}</p>
        </div>
        <p className={styles.count}>
          <strong>{t("progress", { done, total })}</strong> {t("done")}
        </p>
      </div>
      <div
        className={styles.bar}
        role="progressbar"
        aria-label={t("progressWords", { done, total })}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <span style={{ width: `${done / total * 100}%` }} />
      </div>
    </header>
  );
}

/** One press for a whole morning: accepting what was assigned, loading what was accepted. */
function Batches({ driving }: { driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const assigned = driving.stops.filter(({ state }) => state === "assigned" || state === "offered");
  const accepted = driving.stops.filter(({ state }) => state === "accepted");
  const batches = [{ to: "accepted", of: assigned }, { to: "loaded", of: accepted }] as const;
  // A single one is done in its stop.
  const worthwhile = batches.filter(({ of }) => of.length > 1);
  if (worthwhile.length === 0) return null;
  return (
    <div className={styles.batches}>
      {worthwhile.map(({ to, of }) => (
        <Button
          key={to}
          className={styles.batch}
          variant="default"
          onClick={() => driving.take(of, to)}
        >
          {t(`batch.${to}`, { count: of.length })}
        </Button>
      ))}
    </div>
  );
}

function NextStop({ stop, driving, opened }: { stop: Stop; driving: Driving; opened: boolean }) {
  const { t } = useTranslation(["driverApp", "common"]);
  const begun = stop.state === "in-transit" || stop.state === "arrived";
  const place = stop.recipient;
  return (
    <Link
      to="/driver"
      search={{ stop: stop.id }}
      className={styles.next}
      data-opened={opened || undefined}
      aria-current={opened || undefined}
    >
      <span className={styles.nextHead}>
        <span className={styles.nextWord}>{begun ? t("now") : t("next")}</span>
        <StateBadge state={stop.state} />
      </span>
      <span className={styles.street}>{place?.street ?? t("common:erased")}</span>
      {place !== null && (
        <span className={styles.city}>{[place.postcode, place.city].filter(Boolean).join(" ")}</span>
      )}
      <span className={styles.nextFacts}>
        <StopTime stop={stop} timeZone={driving.timeZoneOf(stop)} />
        <span>{[stop.number, place?.name].filter(Boolean).join(" · ")}</span>
      </span>
      <span className={styles.go}>
        {t("open")}
        <IconChevronRight size={22} aria-hidden />
      </span>
    </Link>
  );
}

interface StopRowProps {
  stop: Stop;
  number: number;
  driving: Driving;
  opened: boolean;
}

function StopRow({ stop, number, driving, opened }: StopRowProps) {
  const { t } = useTranslation(["driverApp", "common"]);
  const timeZone = driving.timeZoneOf(stop);
  const at = closedAt(stop);
  const waits = driving.unsent.some(({ deed, tries }) => deed.orderId === stop.id && tries > 0);
  return (
    <li>
      <Link
        to="/driver"
        search={{ stop: stop.id }}
        className={styles.row}
        data-opened={opened || undefined}
        aria-current={opened || undefined}
      >
        <span className={styles.number}>{number}</span>
        <span className={styles.where}>
          <span className={styles.rowStreet}>
            {stop.recipient?.street ?? t("common:erased")}
            {stop.priority === "high" && (
              <IconStarFilled className={styles.star} size={14} role="img" aria-label={t("high")} />
            )}
          </span>
          <span className={styles.rowFacts}>
            {stop.outcome !== null
              ? [t(`outcomes.${stop.outcome}`), at && clock(at, timeZone)].filter(Boolean).join(" · ")
              : <StopTime stop={stop} timeZone={timeZone} />}
          </span>
        </span>
        {waits && <IconCloudOff size={18} role="img" aria-label={t("unsent.mark")} />}
        <StateBadge state={stop.state} />
      </Link>
    </li>
  );
}

function Finished({ stops }: { stops: readonly Stop[] }) {
  const { t } = useTranslation("driverApp");
  const count = (state: Stop["state"]) => stops.filter((stop) => stop.state === state).length;
  const toReturn = count("failed");
  return (
    <div className={styles.finished}>
      <IconConfetti size={36} stroke={1.5} aria-hidden />
      <p className={styles.thanks}>{t("finished.title")}</p>
      <p>
        {t("finished.summary", {
          count: stops.length,
          delivered: count("completed"),
          failed: stops.length - count("completed"),
        })}
      </p>
      {toReturn > 0 && <p>{t("finished.bringBack", { count: toReturn })}</p>}
    </div>
  );
}

function PositionSwitch({ driving: { sharing, share } }: { driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const [refused, setRefused] = useState(false);
  const change = (wanted: boolean) => {
    setRefused(false);
    share(wanted);
    if (!wanted) return;
    // Asked now, so that the browser's question does not come up at the first door.
    const no = () => {
      setRefused(true);
      share(false);
    };
    if (!("geolocation" in navigator)) return no();
    navigator.geolocation.getCurrentPosition(
      () => {},
      (fault) => fault.code === fault.PERMISSION_DENIED && no(),
    );
  };
  return (
    <div className={styles.sharing}>
      <Switch
        size="lg"
        label={t("position.label")}
        description={t("position.lead")}
        checked={sharing}
        error={refused ? t("position.refused") : undefined}
        onChange={(event) => change(event.currentTarget.checked)}
      />
    </div>
  );
}
