import { IconCalendarOff, IconHandClick, IconMapPinOff, IconX } from "@tabler/icons-react";
import { ActionIcon, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { useDocumentTitle } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Day } from "./day.tsx";
import styles from "./driver_page.module.css";
import { OutboxNotice } from "./outbox_notice.tsx";
import type { Stop } from "./stop.ts";
import { StopDetail } from "./stop_detail.tsx";
import { stopsQuery } from "./stops.ts";
import { useDriving } from "./driving.ts";
import { UndoBar } from "./undo_bar.tsx";

const route = getRouteApi("/signed-in/driver");

/** A driver's day: the stops in their order, one of them open. Side by side where there is room. */
export function DriverPage() {
  const { t } = useTranslation("driverApp");
  useDocumentTitle(t("title"));
  const { stop: opened } = route.useSearch();
  const query = useQuery(stopsQuery);
  const driving = useDriving(query.data?.items ?? none);
  const { stops } = driving;
  const stop = stops.find(({ id }) => id === opened);

  if (query.isPending) return <LoadingRows rows={5} height={96} />;
  if (query.isError && query.data === undefined) {
    return <ProblemNotice problem={query.error} onRetry={() => void query.refetch()} />;
  }
  return (
    <div className={styles.page} data-opened={opened !== undefined || undefined}>
      <section className={styles.day} aria-labelledby="page-title">
        <NewStops stops={stops} />
        <OutboxNotice driving={driving} />
        {stops.length === 0
          ? (
            <>
              <h1 id="page-title" tabIndex={-1}>{t("title")}</h1>
              <EmptyState
                icon={<IconCalendarOff size={26} />}
                title={t("empty.title")}
                detail={t("empty.detail")}
              />
            </>
          )
          : <Day day={query.data!.day} driving={driving} opened={opened} />}
        {opened === undefined && (
          <div className={styles.foot}>
            <UndoBar driving={driving} />
          </div>
        )}
      </section>
      {(opened !== undefined || stops.length > 0) && (
        <section className={styles.stop}>
          {stop !== undefined
            ? (
              <StopDetail
                key={stop.id}
                stop={stop}
                number={stops.indexOf(stop) + 1}
                driving={driving}
              />
            )
            : opened === undefined
            ? (
              <EmptyState
                icon={<IconHandClick size={26} />}
                title={t("choose.title")}
                detail={t("choose.detail")}
              />
            )
            : (
              <EmptyState
                icon={<IconMapPinOff size={26} />}
                title={t("gone.title")}
                detail={t("gone.detail")}
                action={<Button component={Link} to="/driver" size="lg">{t("back")}</Button>}
              />
            )}
        </section>
      )}
    </div>
  );
}

const none: Stop[] = [];

/** Says quietly that a stop was added while the page was open. */
function NewStops({ stops }: { stops: readonly Stop[] }) {
  const { t } = useTranslation(["driverApp", "common"]);
  const [known, setKnown] = useState(() => new Set(stops.map(({ id }) => id)));
  const [added, setAdded] = useState<Stop[]>([]);
  useEffect(() => {
    const fresh = stops.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    setKnown(new Set([...known, ...fresh.map(({ id }) => id)]));
    setAdded((before) => [...before, ...fresh]);
  }, [stops, known]);
  return (
    <div role="status">
      {added.length > 0 && (
        <p className={styles.added}>
          {t("added", {
            count: added.length,
            number: added[0]!.number,
            street: added[0]!.recipient?.street ?? t("common:erased"),
          })}
          <ActionIcon size="xl" color="petrol" aria-label={t("common:close")} onClick={() => setAdded([])}>
            <IconX size={20} />
          </ActionIcon>
        </p>
      )}
    </div>
  );
}
