import { Modal, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { DeliveryDetail, Proof, Signature } from "../../server/deliveries/schema.ts";
import { useCan } from "../session.ts";
import { clock, moment } from "../ui/times.tsx";
import { PanelHeading } from "./beside_panel.tsx";
import sections from "./order_page.module.css";
import styles from "./order_proofs.module.css";

/** What proves the delivery: signatures as they were drawn, photos that open large. */
export function OrderProofs({ order, timeZone }: { order: DeliveryDetail; timeZone: string }) {
  const { t } = useTranslation("orders");
  const maySee = useCan("proofs.read");
  const [opened, setOpened] = useState<z.infer<typeof Proof> | null>(null);
  if (order.proofs.length === 0) return null;
  return (
    <section className={sections.section} aria-labelledby="order-proofs">
      <PanelHeading id="order-proofs" className={sections.heading}>{t("proofs.title")}</PanelHeading>
      <ul className={styles.proofs}>
        {order.proofs.map((proof) => (
          <li key={proof.id}>
            {proof.kind === "photo" && proof.photoUrl !== null && maySee
              ? (
                <UnstyledButton
                  className={styles.proof}
                  onClick={() => setOpened(proof)}
                  aria-haspopup="dialog"
                >
                  <img
                    src={proof.photoUrl}
                    alt={t("proofs.photo", { at: moment(proof.happenedAt, timeZone) })}
                    loading="lazy"
                  />
                </UnstyledButton>
              )
              : proof.signature !== null
              ? (
                <div className={styles.proof} data-paper>
                  <Strokes
                    signature={proof.signature}
                    label={t("proofs.signature", { at: moment(proof.happenedAt, timeZone) })}
                  />
                </div>
              )
              : <div className={styles.proof}>{t("proofs.closed")}</div>}
            <p className={styles.caption}>
              {t(`proofs.${proof.kind === "photo" ? "photoShort" : "signatureShort"}`)},{" "}
              {clock(proof.happenedAt, timeZone)}
            </p>
          </li>
        ))}
      </ul>
      {opened?.photoUrl && (
        <Modal
          opened
          onClose={() => setOpened(null)}
          title={t("proofs.photo", { at: moment(opened.happenedAt, timeZone) })}
          size="xl"
          closeButtonProps={{ "aria-label": t("close") }}
        >
          <img
            className={styles.large}
            src={opened.photoUrl}
            alt={t("proofs.photo", { at: moment(opened.happenedAt, timeZone) })}
          />
        </Modal>
      )}
    </section>
  );
}

/** Room around a signature, in thousandths of the pad's width. */
const ROOM = 30;

function Strokes({ signature: { strokes }, label }: { signature: Signature; label: string }) {
  const points = strokes.flat();
  const across = points.map(([x]) => x), down = points.map(([, y]) => y);
  const left = Math.min(...across) - ROOM, top = Math.min(...down) - ROOM;
  const width = Math.max(...across) - left + ROOM, height = Math.max(...down) - top + ROOM;
  return (
    <svg
      viewBox={`${left} ${top} ${width} ${height}`}
      role="img"
      aria-label={label}
      className={styles.signature}
    >
      {strokes.map((stroke, at) => (
        <polyline
          key={at}
          points={(stroke.length === 1 ? [stroke[0]!, stroke[0]!] : stroke).map(([x, y]) => `${x},${y}`).join(
            " ",
          )}
          fill="none"
          stroke="currentColor"
          strokeWidth={Math.max(width, height) / 90}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      ))}
    </svg>
  );
}
