import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { orderRoute } from "../router.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { StateBadge } from "../ui/state_badge.tsx";
import { BesidePanel } from "./beside_panel.tsx";
import { OrderActions } from "./order_actions.tsx";
import { OrderFacts } from "./order_facts.tsx";
import { OrderProofs } from "./order_proofs.tsx";
import styles from "./order_page.module.css";
import { OrderRecipient } from "./order_recipient.tsx";
import { OrderSteps } from "./order_steps.tsx";
import { usePlaces } from "./places.ts";
import { orderQuery } from "./queries.ts";

/** One order: who gets it, what it is, what happened to it, and what can be done next. */
export function OrderPage() {
  const { t } = useTranslation("orders");
  const { orderId } = orderRoute.useParams();
  const { data: order, error, refetch } = useQuery(orderQuery(orderId));
  const places = usePlaces();
  if (order === undefined) {
    return (
      <BesidePanel title={t("order")}>
        {error === null ? <LoadingRows rows={6} /> : (
          <>
            <ProblemNotice problem={error} onRetry={() => void refetch()} />
            {error instanceof ApiProblem && error.status === 503 && (
              <p className={styles.again}>{t("triesAgain")}</p>
            )}
          </>
        )}
      </BesidePanel>
    );
  }
  const timeZone = places.timeZoneOf(order.siteId);
  return (
    <BesidePanel
      title={order.number}
      lead={
        <span role="status">
          <StateBadge state={order.state} />
        </span>
      }
    >
      <OrderActions key={order.id} order={order} places={places} />
      <OrderRecipient order={order} />
      <OrderFacts order={order} places={places} timeZone={timeZone} />
      <OrderProofs order={order} timeZone={timeZone} />
      <OrderSteps order={order} timeZone={timeZone} places={places} />
    </BesidePanel>
  );
}
