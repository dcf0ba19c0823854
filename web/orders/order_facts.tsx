import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import type { DeliveryDetail } from "../../server/deliveries/schema.ts";
import { locale } from "../i18n/i18n.ts";
import { Tag } from "../ui/tag.tsx";
import { dayName, moment, TimeWindow } from "../ui/times.tsx";
import { amountOf } from "./money.ts";
import styles from "./order_facts.module.css";
import type { Places } from "./places.ts";

interface OrderFactsProps {
  order: DeliveryDetail;
  places: Places;
  timeZone: string;
}

/** What the order is, apart from who gets it. */
export function OrderFacts({ order, places, timeZone }: OrderFactsProps) {
  const { t } = useTranslation("orders");
  const { cash, weightKg, volumeL, quantity } = order;
  const number = (value: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 3 }).format(value);
  const facts: [name: string, value: ReactNode][] = [
    [t("fields.day"), dayName(order.day)],
    [t("fields.window"), <TimeWindow key="window" window={order.window} timeZone={timeZone} />],
    [t("fields.driver"), order.driverId === null ? t("nobody") : order.driverName ?? t("erasedDriver")],
    ...(order.outcome === null
      ? []
      : [[t("fields.outcome"), t(`outcomes.${order.outcome}`)] as [string, ReactNode]]),
    ...(cash === null ? [] : [[t("fields.cash"), amountOf(cash)] as [string, ReactNode]]),
    [
      t("fields.load"),
      [
        t("pieces", { count: quantity }),
        ...(weightKg === null ? [] : [number(weightKg, "kilogram")]),
        ...(volumeL === null ? [] : [number(volumeL, "liter")]),
      ].join(" · "),
    ],
    [t("fields.serviceMinutes"), number(order.serviceMinutes, "minute")],
    [t("fields.kind"), t(`kinds.${order.kind}`)],
    [t("fields.priority"), t(`priorities.${order.priority}`)],
    [t("fields.site"), places.sites.get(order.siteId)?.name ?? ""],
    ...(order.reference === null ? [] : [[t("fields.reference"), order.reference] as [string, ReactNode]]),
    [t("fields.created"), moment(order.createdAt, timeZone)],
  ];
  return (
    <>
      {(order.requires.length > 0 || order.tags.length > 0) && (
        <ul className={styles.marks}>
          {order.requires.map((proof) => (
            <li key={proof}>
              <Tag tone="violet">{t(`requires.${proof}`)}</Tag>
            </li>
          ))}
          {order.tags.map((tag) => (
            <li key={tag}>
              <Tag>{tag}</Tag>
            </li>
          ))}
        </ul>
      )}
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
