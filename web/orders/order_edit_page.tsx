import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery, DeliveryDetail } from "../../server/deliveries/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { orderEditRoute } from "../router.tsx";
import { useSubmit } from "../ui/faults.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { BesidePanel } from "./beside_panel.tsx";
import { ChangedMeanwhile } from "./changed_meanwhile.tsx";
import { differing, draftOf, editOf, onTopOf, type OrderDraft } from "./draft.ts";
import { LeaveGuard } from "./leave_guard.tsx";
import { OrderFields, orderPaths } from "./order_fields.tsx";
import { usePlaces } from "./places.ts";
import { orderQuery } from "./queries.ts";

/** Changes an order. */
export function OrderEditPage() {
  const { t } = useTranslation("orders");
  const { orderId } = orderEditRoute.useParams();
  const { data: order, error, refetch } = useQuery(orderQuery(orderId));
  const { sites, timeZoneOf } = usePlaces();
  if (error !== null && order === undefined) {
    return (
      <BesidePanel title={t("order")}>
        <ProblemNotice problem={error} onRetry={() => void refetch()} />
      </BesidePanel>
    );
  }
  // The site's time zone is needed to show the window's times.
  if (order === undefined || sites.size === 0) {
    return (
      <BesidePanel title={t("order")}>
        <LoadingRows rows={6} />
      </BesidePanel>
    );
  }
  return <OrderEditor key={order.id} order={order} timeZone={timeZoneOf(order.siteId)} />;
}

function OrderEditor({ order, timeZone }: { order: DeliveryDetail; timeZone: string }) {
  const { t } = useTranslation("orders");
  const navigate = useNavigate();
  const queries = useQueryClient();
  // What the edit began with: the query goes on following the order, the form must not.
  const [base, setBase] = useState(order);
  const before = draftOf(base, timeZone);
  const [draft, setDraft] = useState(before);
  const [theirs, setTheirs] = useState<DeliveryDetail | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const dirty = differing(before, draft).length > 0;

  const leave = (ignoreBlocker: boolean) =>
    navigate({ to: "/orders/$orderId", params: { orderId: order.id }, search: true, ignoreBlocker });
  const save = (base: DeliveryDetail, draft: OrderDraft) =>
    submit(async () => {
      const edit = editOf(draftOf(base, timeZone), draft, timeZone);
      if (Object.keys(edit).length === 0) return void await leave(true);
      try {
        await api.patch<Delivery>(`/deliveries/${base.id}`, edit, { ifMatch: base.version });
      } catch (problem) {
        if (problem instanceof ApiProblem && problem.slug === "changed-meanwhile") {
          setTheirs(await queries.fetchQuery({ ...orderQuery(base.id), staleTime: 0 }));
        }
        throw problem;
      }
      await queries.invalidateQueries({ queryKey: ["deliveries"] });
      tell(t("saved", { number: draft.number }));
      await leave(true);
    });
  const goOnFrom = (theirs: DeliveryDetail, draft: OrderDraft) => {
    setBase(theirs);
    setDraft(draft);
    setTheirs(null);
  };
  const changed = refusal.problem instanceof ApiProblem && refusal.problem.slug === "changed-meanwhile";
  return (
    <BesidePanel
      title={t("editTitle", { number: base.number })}
      foot={
        <>
          <LinkButton
            to="/orders/$orderId"
            params={{ orderId: order.id }}
            search
            variant="default"
          >
            {t("cancel")}
          </LinkButton>
          <Button type="submit" form="edit-order" loading={busy} disabled={!dirty || theirs !== null}>
            {t("save")}
          </Button>
        </>
      }
    >
      <form
        id="edit-order"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void save(base, draft);
        }}
        noValidate
      >
        {theirs !== null && (
          <ChangedMeanwhile
            base={base}
            mine={draft}
            theirs={theirs}
            timeZone={timeZone}
            onKeepMine={() => {
              const merged = onTopOf(draftOf(theirs, timeZone), before, draft);
              goOnFrom(theirs, merged);
              void save(theirs, merged);
            }}
            onTakeTheirs={() => goOnFrom(theirs, draftOf(theirs, timeZone))}
          />
        )}
        {refusal.problem !== null && !changed && !refusal.coveredBy(orderPaths) && (
          <ProblemNotice problem={refusal.problem} />
        )}
        <OrderFields draft={draft} onChange={setDraft} refusal={refusal} siteFixed />
      </form>
      <LeaveGuard dirty={dirty} />
    </BesidePanel>
  );
}
