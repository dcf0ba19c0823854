import { IconMail, IconMapPin, IconMessage2, IconPhone, IconUserOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { DeliveryDetail } from "../../server/deliveries/schema.ts";
import styles from "./order_recipient.module.css";

/** Who gets the order and where; a notice once that person has been erased. */
export function OrderRecipient({ order: { recipient } }: { order: DeliveryDetail }) {
  const { t } = useTranslation("orders");
  if (recipient === null) {
    return (
      <section className={styles.erased} aria-label={t("recipient")}>
        <IconUserOff size={20} aria-hidden />
        <div>
          <p className={styles.name}>{t("erased")}</p>
          <p>{t("erasedDetail")}</p>
        </div>
      </section>
    );
  }
  const { name, phone, email, street, unit, postcode, city, country, note, position } = recipient;
  return (
    <section className={styles.recipient} aria-label={t("recipient")}>
      <p className={styles.name}>{name}</p>
      <ul className={styles.ways}>
        <li>
          <IconMapPin size={16} aria-hidden />
          <address>
            {street}
            {unit !== null && `, ${unit}`}
            <br />
            {[postcode, city].filter(Boolean).join(" ")}
            {country !== null && ` · ${country}`}
            {position !== null && (
              <span className={styles.position}>{position.lat.toFixed(5)}, {position.lon.toFixed(5)}</span>
            )}
          </address>
        </li>
        {phone !== null && (
          <li>
            <IconPhone size={16} aria-hidden />
            <a href={`tel:${phone.replaceAll(/[^+\d]/g, "")}`}>{phone}</a>
          </li>
        )}
        {email !== null && (
          <li>
            <IconMail size={16} aria-hidden />
            <a href={`mailto:${email}`}>{email}</a>
          </li>
        )}
        {note !== null && (
          <li className={styles.note}>
            <IconMessage2 size={16} aria-hidden />
            <span>{note}</span>
          </li>
        )}
      </ul>
    </section>
  );
}
