import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Tracking } from "../../server/tracking/schema.ts";
import { clock, dayName, today } from "../ui/times.tsx";
import { endOf, type Milestone, milestonesOf } from "./milestones.ts";
import styles from "./tracking_page.module.css";
import { useTracking } from "./use_tracking.ts";

/** What a recipient sees of their order: no name, no address, because a link can be forwarded. */
export function TrackingPage({ token }: { token: string }) {
  const { t } = useTranslation("tracking");
  const { order, at, fault, look } = useTracking(token);
  const title = order === null
    ? t(fault === "unknown" ? "unknown.title" : "loading")
    : t("title", { number: order.number, company: order.companyName });
  useEffect(() => {
    document.title = title;
  }, [title]);

  if (fault === "unknown") {
    return (
      <Notice title={t("unknown.title")}>
        {t("unknown.detail")}
      </Notice>
    );
  }
  if (order !== null && at !== null) return <Order order={order} at={at} stale={fault !== null} />;
  if (fault === null) return <main className={styles.waiting} role="status">{t("loading")}</main>;
  return (
    <Notice title={t("problem.title")}>
      {t("problem.detail")}
      <button type="button" className={styles.retry} onClick={look}>{t("problem.retry")}</button>
    </Notice>
  );
}

function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.notice}>
      <h1>{title}</h1>
      <p>{children}</p>
    </main>
  );
}

function Order({ order, at, stale }: { order: Tracking; at: string; stale: boolean }) {
  const { t } = useTranslation("tracking");
  const { state, outcome, companyName, timeZone } = order;
  const end = endOf(state);
  return (
    <main className={styles.page} data-end={end ?? undefined}>
      <header className={styles.head}>
        <p className={styles.company}>{companyName}</p>
        <p className={styles.number}>{t("order", { number: order.number })}</p>
      </header>
      <section className={styles.state} aria-live="polite">
        <h1 className={styles.headline}>{t(`headline.${state}`)}</h1>
        {outcome !== null && <p>{outcomeWords(outcome)}</p>}
        <Driver order={order} />
        {end !== null && end !== "completed" && <p>{t("contact", { company: companyName })}</p>}
      </section>
      {end === null && <Expected order={order} />}
      <section aria-labelledby="progress">
        <h2 id="progress" className={styles.heading}>{t("progress")}</h2>
        <ol className={styles.milestones}>
          {milestonesOf(order).map((milestone) => (
            <Step key={milestone.name} milestone={milestone} timeZone={timeZone} over={end !== null} />
          ))}
        </ol>
      </section>
      <footer className={styles.foot}>
        <p data-stale={stale || undefined} role="status">
          {t(stale ? "stale" : "updated", { time: clock(at) })}
        </p>
        {elsewhere(timeZone) && <p>{t("zone", { zone: timeZone.split("/").at(-1)!.replaceAll("_", " ") })}
        </p>}
        <p>{t("expires", { day: dayName(dayIn(order.expiresAt, timeZone)) })}</p>
      </footer>
    </main>
  );

  // An outcome this page has no words for yet is left unsaid rather than shown raw.
  function outcomeWords(name: string): string {
    return t(`outcome.${name}` as "outcome.recipient", { defaultValue: "" });
  }
}

function Driver({ order: { state, driverFirstName: name } }: { order: Tracking }) {
  const { t } = useTranslation("tracking");
  if (name === null) return null;
  if (state !== "in-transit" && state !== "arrived" && state !== "completed" && state !== "failed") {
    return null;
  }
  return <p>{t(`driver.${state}`, { name })}</p>;
}

function Expected({ order: { day, window, timeZone } }: { order: Tracking }) {
  const { t } = useTranslation("tracking");
  const now = today(timeZone);
  const name = day === now ? t("today") : day === dayAfter(now) ? t("tomorrow") : null;
  return (
    <section className={styles.expected} aria-label={t("expected")}>
      <p className={styles.quiet}>{t("expected")}</p>
      <p className={styles.when}>
        {window === null
          ? t("anyTime")
          : t("between", { after: clock(window.after, timeZone), before: clock(window.before, timeZone) })}
      </p>
      <p>{[name, dayName(day)].filter(Boolean).join(", ")}</p>
    </section>
  );
}

function Step({ milestone, timeZone, over }: { milestone: Milestone; timeZone: string; over: boolean }) {
  const { t } = useTranslation("tracking");
  const { name, standing, at } = milestone;
  const bad = name === "failed" || name === "cancelled" || name === "returned";
  const done = standing === "reached" || (standing === "current" && over);
  return (
    <li
      className={styles.milestone}
      data-standing={done ? "reached" : standing}
      data-bad={bad || undefined}
      aria-current={standing === "current" ? "step" : undefined}
    >
      <span className={styles.dot} aria-hidden>
        {done && <Mark bad={bad} />}
      </span>
      <span className={styles.word}>
        {t(`milestones.${name}`)}
        <span className={styles.unseen}>, {t(done ? "reached" : standing)}</span>
      </span>
      {at !== null && <time dateTime={at}>{clock(at, timeZone)}</time>}
    </li>
  );
}

/** A tick or a cross, drawn here: two of the app's icons would bring all that pages share with them. */
function Mark({ bad }: { bad: boolean }) {
  return (
    <svg className={styles.mark} viewBox="0 0 24 24">
      <path d={bad ? "M6 6l12 12M18 6L6 18" : "M5 12.500l4.500 4.500L19 7.500"} />
    </svg>
  );
}

/** Whether clocks show something else where the order is delivered than here. */
function elsewhere(timeZone: string): boolean {
  const shown = (zone?: string) =>
    new Intl.DateTimeFormat("en", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(
      new Date(),
    );
  return shown(timeZone) !== shown();
}

/** The calendar day of a moment; a link that ends at midnight is good through the day before. */
function dayIn(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(
    new Date(Date.parse(instant) - 1),
  );
}

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + 24 * 3_600_000).toISOString().slice(0, 10);
