import { Button } from "@mantine/core";
import { IconCalendarOff, IconFilterOff, IconPackages } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useCan } from "../session.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { summaryQuery } from "./queries.ts";
import styles from "./no_orders.module.css";

interface NoOrdersProps {
  /** Whether a search, a state, a site or a driver narrows the list. */
  narrowed: boolean;
  search: string | undefined;
  onClear: () => void;
  onEveryDay: () => void;
}

/** Why the board is empty, and what to do about it. */
export function NoOrders({ narrowed, search, onClear, onEveryDay }: NoOrdersProps) {
  const { t } = useTranslation("orders");
  const mayWrite = useCan("orders.write");
  const ever = useQuery({ ...summaryQuery({}), enabled: !narrowed });
  if (narrowed) {
    return (
      <EmptyState
        icon={<IconFilterOff size={26} stroke={1.5} />}
        title={search === undefined ? t("empty.filter") : t("empty.search", { search })}
        detail={search === undefined ? t("empty.filterDetail") : t("empty.searchDetail")}
        action={<Button variant="default" onClick={onClear}>{t("empty.clear")}</Button>}
      />
    );
  }
  if (ever.isPending) return <LoadingRows />;
  const makeOne = mayWrite && <LinkButton to="/orders/new" search variant="default">{t("new")}</LinkButton>;
  if (ever.data !== undefined && ever.data.total === 0) {
    return (
      <EmptyState
        icon={<IconPackages size={26} stroke={1.5} />}
        title={t("empty.ever")}
        detail={mayWrite ? t("empty.everDetail") : t("empty.everReadOnly")}
        action={mayWrite && (
          <div className={styles.acts}>
            <LinkButton to="/imports">{t("import")}</LinkButton>
            {makeOne}
          </div>
        )}
      />
    );
  }
  return (
    <EmptyState
      icon={<IconCalendarOff size={26} stroke={1.5} />}
      title={t("empty.day")}
      detail={t("empty.dayDetail")}
      action={
        <div className={styles.acts}>
          <Button variant="default" onClick={onEveryDay}>{t("empty.everyDay")}</Button>
          {makeOne}
        </div>
      }
    />
  );
}
