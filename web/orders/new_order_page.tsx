import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { api } from "../api.ts";
import { newOrderRoute } from "../router.tsx";
import { useMe } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { useSubmit } from "../ui/faults.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { today } from "../ui/times.tsx";
import { BesidePanel } from "./beside_panel.tsx";
import { bodyOf, differing, emptyDraft } from "./draft.ts";
import { LeaveGuard } from "./leave_guard.tsx";
import { OrderFields, orderPaths } from "./order_fields.tsx";
import { usePlaces } from "./places.ts";

/** Makes an order by hand, for the day and the site the board shows. */
export function NewOrderPage() {
  const { t } = useTranslation("orders");
  const { company } = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { day, site } = newOrderRoute.useSearch();
  const { timeZoneOf } = usePlaces();
  const firstSite = useQuery(sitesQuery).data?.find(({ active }) => active)?.id;
  const [start] = useState(() =>
    emptyDraft("", day === undefined || day === "all" ? today(company.timeZone) : day, company.holidays)
  );
  const [typed, setTyped] = useState(start);
  const draft = { ...typed, siteId: typed.siteId || (site ?? firstSite ?? "") };
  const { busy, refusal, submit } = useSubmit();

  const send = async (event: FormEvent) => {
    event.preventDefault();
    await submit(async () => {
      const made = await api.post<Delivery>("/deliveries", bodyOf(draft, timeZoneOf(draft.siteId)));
      await queries.invalidateQueries({ queryKey: ["deliveries"] });
      tell(t("made", { number: made.number }));
      await navigate({
        to: "/orders/$orderId",
        params: { orderId: made.id },
        search: true,
        ignoreBlocker: true,
      });
    });
  };
  return (
    <BesidePanel
      title={t("newTitle")}
      foot={
        <>
          <LinkButton to="/" search variant="default">{t("cancel")}</LinkButton>
          <Button type="submit" form="new-order" loading={busy}>{t("make")}</Button>
        </>
      }
    >
      <form id="new-order" onSubmit={send} noValidate>
        {refusal.problem !== null && !refusal.coveredBy(orderPaths) && (
          <ProblemNotice problem={refusal.problem} />
        )}
        <OrderFields draft={draft} onChange={setTyped} refusal={refusal} />
      </form>
      <LeaveGuard dirty={differing(start, typed).length > 0} />
    </BesidePanel>
  );
}
