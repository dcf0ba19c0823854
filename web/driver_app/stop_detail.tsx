import {
  IconCash,
  IconChevronLeft,
  IconMessage,
  IconMessage2,
  IconNavigation,
  IconPhone,
  IconPhoto,
  IconSignature,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "../api.ts";
import { locale } from "../i18n/i18n.ts";
import { StateBadge } from "../ui/state_badge.tsx";
import { Tag } from "../ui/tag.tsx";
import { clock } from "../ui/times.tsx";
import type { Driving } from "./driving.ts";
import { OutboxNotice } from "./outbox_notice.tsx";
import { PhotoField } from "./photo_field.tsx";
import { belowStreet, dialled, isOver, mapLink, money, type Place, type Stop } from "./stop.ts";
import { StopActions } from "./stop_actions.tsx";
import styles from "./stop_detail.module.css";
import { StopTime } from "./stop_time.tsx";
import { isDriversStep } from "./step_words.ts";
import { UndoBar } from "./undo_bar.tsx";

interface StopDetailProps {
  stop: Stop;
  /** Its place in the day, from 1. */
  number: number;
  driving: Driving;
}

/** One stop, readable at arm's length: where, who, what to mind, and the next step at the thumb. */
export function StopDetail({ stop, number, driving }: StopDetailProps) {
  const { t } = useTranslation(["driverApp", "common"]);
  const place = stop.recipient;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <>
      <div className={styles.top}>
        <Link to="/driver" className={styles.back}>
          <IconChevronLeft size={22} aria-hidden />
          {t("back")}
        </Link>
        <span className={styles.order}>
          {t("stopOf", { number, total: driving.stops.length })} · {stop.number}
        </span>
      </div>
      <div className={styles.onPhone}>
        <OutboxNotice driving={driving} />
      </div>
      <div className={styles.tags}>
        <StateBadge state={stop.state} size="lg" />
        {stop.kind !== "delivery" && <Tag tone="violet">{t(`kinds.${stop.kind}`)}</Tag>}
        {stop.priority === "high" && <Tag tone="amber">{t("high")}</Tag>}
      </div>
      <h1 ref={heading} tabIndex={-1} className={styles.address}>{place?.street ?? t("common:erased")}</h1>
      {place === null ? <p className={styles.erased}>{t("place.erased")}</p> : <Where place={place} />}
      <dl className={styles.minding}>
        <div className={styles.line}>
          <dt>{t("window.label")}</dt>
          <dd className={styles.big}>
            <StopTime stop={stop} timeZone={driving.timeZoneOf(stop)} />
          </dd>
        </div>
        {stop.requires.length > 0 && (
          <div className={styles.line}>
            <dt>{t("needs")}</dt>
            <dd className={styles.needs}>
              {stop.requires.map((need) => <Tag key={need} tone="blue">{t(`requirements.${need}`)}</Tag>)}
            </dd>
          </div>
        )}
      </dl>
      {stop.cash !== null && stop.cash.amount > 0 && (
        <p className={styles.cash}>
          <IconCash size={26} aria-hidden />
          {t("cash", { amount: money(stop.cash) })}
        </p>
      )}
      {place?.note && (
        <div className={styles.note}>
          <IconMessage2 size={22} aria-hidden />
          <p>
            <strong>{t("note")}</strong>
            {place.note}
          </p>
        </div>
      )}
      <Facts stop={stop} />
      <History stop={stop} driving={driving} />
      <div className={styles.foot}>
        <UndoBar driving={driving} />
        <StopActions stop={stop} driving={driving} />
      </div>
    </>
  );
}

function Where({ place }: { place: Place }) {
  const { t } = useTranslation("driverApp");
  const phone = place.phone === null ? null : dialled(place.phone);
  return (
    <>
      {belowStreet(place).map((line) => <p key={line} className={styles.addressLine}>{line}</p>)}
      <p className={styles.name}>{place.name}</p>
      <div className={styles.reach}>
        <a className={styles.tile} href={mapLink(place, navigator.userAgent)}>
          <IconNavigation size={24} aria-hidden />
          {t("place.navigate")}
        </a>
        {phone !== null && (
          <>
            <a className={styles.tile} href={`tel:${phone}`}>
              <IconPhone size={24} aria-hidden />
              {t("place.call")}
            </a>
            <a className={styles.tile} href={`sms:${phone}`}>
              <IconMessage size={24} aria-hidden />
              {t("place.message")}
            </a>
          </>
        )}
      </div>
      {phone === null && <p className={styles.quiet}>{t("place.noPhone")}</p>}
    </>
  );
}

function Facts({ stop }: { stop: Stop }) {
  const { t } = useTranslation("driverApp");
  const write = (value: number) => new Intl.NumberFormat(locale).format(value);
  const facts = [
    { word: "pieces", value: write(stop.quantity) },
    { word: "weight", value: stop.weightKg && t("facts.kg", { value: write(stop.weightKg) }) },
    { word: "volume", value: stop.volumeL && t("facts.litres", { value: write(stop.volumeL) }) },
    { word: "service", value: stop.serviceMinutes && t("facts.minutes", { value: stop.serviceMinutes }) },
    { word: "reference", value: stop.reference },
    { word: "tags", value: stop.tags.join(", ") },
  ] as const;
  return (
    <section className={styles.block} aria-label={t("facts.label")}>
      <dl className={styles.facts}>
        {facts.filter(({ value }) => value).map(({ word, value }) => (
          <div key={word}>
            <dt>{t(`facts.${word}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** From here on there is somebody who can give proof; the server takes it from then on, and afterwards too. */
const provable: readonly Stop["state"][] = ["arrived", "completed", "failed", "returned"];

function History({ stop, driving }: { stop: Stop; driving: Driving }) {
  const { t } = useTranslation(["driverApp", "common"]);
  const timeZone = driving.timeZoneOf(stop);
  const steps = stop.steps.filter((step) => !step.undone);
  return (
    <details className={styles.block} open={isOver(stop) || undefined}>
      <summary className={styles.summary}>{t("history")}</summary>
      {steps.length === 0 && <p className={styles.quiet}>{t("historyEmpty")}</p>}
      <ol className={styles.steps}>
        {steps.map((step) => (
          <li key={step.id}>
            <time dateTime={step.happenedAt}>{clock(step.happenedAt, timeZone)}</time>
            <span>
              {isDriversStep(step.to) ? t(`took.${step.to}`) : t(`common:states.${step.to}`)}
              {step.outcome !== null && ` · ${t(`outcomes.${step.outcome}`)}`}
              {step.receivedBy !== null && ` · ${step.receivedBy}`}
              {step.note !== null && <q className={styles.said}>{step.note}</q>}
            </span>
          </li>
        ))}
      </ol>
      {stop.proofs.length > 0 && (
        <>
          <h3>{t("proofs")}</h3>
          <ul className={styles.proofs}>
            {stop.proofs.map(({ id, kind, happenedAt }) => (
              <li key={id}>
                {kind === "photo"
                  ? <IconPhoto size={18} aria-hidden />
                  : <IconSignature size={18} aria-hidden />}
                {t(`proof.${kind}`)} · {clock(happenedAt, timeZone)}
              </li>
            ))}
          </ul>
        </>
      )}
      {provable.includes(stop.state) && (
        <PhotoField
          label={t("addPhoto")}
          photos={[]}
          onAdd={(content) => driving.prove(stop, { id: newKey(), content })}
        />
      )}
    </details>
  );
}
