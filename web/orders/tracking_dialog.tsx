import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { DeliveryDetail } from "../../server/deliveries/schema.ts";
import type { TrackingLink } from "../../server/tracking/schema.ts";
import { api } from "../api.ts";
import { CopyField } from "../ui/copy_field.tsx";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { moment } from "../ui/times.tsx";

/** A new link for the recipient to follow the order with. */
export default function TrackingDialog({ order, onClose }: { order: DeliveryDetail; onClose: () => void }) {
  const { t } = useTranslation("orders");
  // A query, so that the link is made once however often the dialog is drawn; its key lets no two dialogs share it.
  const link = useQuery({
    queryKey: ["tracking-link", order.id],
    queryFn: () => api.post<TrackingLink>(`/deliveries/${order.id}/tracking-link`),
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("tracking.title", { number: order.number })}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <div className={form.form}>
        <p className={form.hint}>{t("tracking.lead")}</p>
        {link.isError
          ? <ProblemNotice problem={link.error} onRetry={() => void link.refetch()} />
          : link.data === undefined
          ? <LoadingRows rows={1} />
          : (
            <CopyField
              label={t("tracking.link")}
              value={link.data.url}
              description={t("tracking.expires", { at: moment(link.data.expiresAt) })}
            />
          )}
        <div className={form.buttons}>
          <span />
          <Button onClick={onClose}>{t("done")}</Button>
        </div>
      </div>
    </Modal>
  );
}
