import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { ImportPreview } from "../../server/deliveries/import/schema.ts";
import { sitesQuery } from "../sites/queries.ts";
import { Panel } from "../ui/panel.tsx";
import { ThingTable } from "../ui/thing_table.tsx";
import { dayName, TimeWindow } from "../ui/times.tsx";

type Order = ImportPreview["firstOrders"][number];

/** The first orders a file makes, as they will stand on the board: the quickest way to see a wrong column. */
export function FirstOrders({ preview: { firstOrders, siteId } }: { preview: ImportPreview }) {
  const { t, i18n } = useTranslation("imports");
  const sites = useQuery(sitesQuery);
  const timeZone = sites.data?.find(({ id }) => id === siteId)?.timeZone;
  const money = ({ cash }: Order) =>
    cash && (cash.amount / 10 ** decimalsOf(cash.currency)).toLocaleString(i18n.language, {
      style: "currency",
      currency: cash.currency,
    });
  const title = t("first.title", { count: firstOrders.length });
  return (
    <Panel title={title} lead={t("first.lead")} flush>
      <ThingTable
        label={title}
        things={firstOrders}
        keyOf={({ number }) => number}
        name={{
          head: t("first.number"),
          cell: ({ number }) => number,
          under: ({ recipient: { name, street, city } }) => [name, street, city].filter(Boolean).join(", "),
        }}
        columns={[
          {
            head: t("first.day"),
            cell: ({ day, window }) => (
              <>
                {dayName(day)}
                <br />
                <TimeWindow window={window} timeZone={timeZone} />
              </>
            ),
          },
          { head: t("first.pieces"), cell: ({ quantity }) => quantity, wideOnly: true },
          ...(firstOrders.some(({ cash }) => cash)
            ? [{ head: t("first.cash"), cell: money, wideOnly: true }]
            : []),
          { head: t("first.note"), cell: ({ recipient }) => recipient.note, wideOnly: true },
        ]}
      />
    </Panel>
  );
}

const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
