import { ActionIcon, Button, Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconKeyboard, IconPlus, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useParams, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { boardRoute } from "../router.tsx";
import { useCan, useMe } from "../session.ts";
import { LinkButton } from "../ui/link_button.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { useDocumentTitle } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { dayName, today as todayIn } from "../ui/times.tsx";
import { type BoardFilters, dayAfter, orderFilters, statesOf } from "./board_filters.ts";
import { DaySwitcher, SearchField, SiteFilter } from "./board_toolbar.tsx";
import { DispatchingProvider } from "./dispatching.tsx";
import { DriverPanel } from "./driver_panel.tsx";
import { NoOrders } from "./no_orders.tsx";
import { OrderList } from "./order_list.tsx";
import { useOrderRows } from "./order_rows.ts";
import styles from "./orders_page.module.css";
import { usePlaces } from "./places.ts";
import { summaryQuery } from "./queries.ts";
import { useSelection } from "./selection.ts";
import { SelectionBar } from "./selection_bar.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { StaleNotice } from "./stale_notice.tsx";
import { StateFilter } from "./state_filter.tsx";

const KeyboardHelp = lazy(() => import("./keyboard_help.tsx"));

/** From this width on, an order opens beside the board; below it takes the board's place. */
export const BESIDE = "(min-width: 75em)";

/** The dispatch board: the orders of a day, who drives them, and beside them the order that is open. */
export function OrdersPage() {
  return (
    <DispatchingProvider>
      <Board />
    </DispatchingProvider>
  );
}

function Board() {
  const { t } = useTranslation("orders");
  const navigate = useNavigate();
  const { company } = useMe();
  const mayDispatch = useCan("orders.dispatch");
  const mayWrite = useCan("orders.write");
  const seesDrivers = useCan("drivers.read");
  const places = usePlaces();
  const beside = useMediaQuery(BESIDE, true, { getInitialValueInEffect: false });
  const somethingOpen = useRouterState({ select: ({ location }) => location.pathname !== "/" });
  const { orderId } = useParams({ strict: false });
  const [help, setHelp] = useState(false);
  const [driversOpen, setDriversOpen] = useState(false);

  const filters = boardRoute.useSearch();
  const today = todayIn(filters.site === undefined ? company.timeZone : places.timeZoneOf(filters.site));
  const day = filters.day ?? today;
  const searching = filters.q !== undefined;
  const asked = orderFilters(filters, today);
  const orders = useOrderRows(asked);
  const summary = useQuery(
    summaryQuery({
      ...(day !== "all" && { day }),
      ...(filters.site !== undefined && { site: filters.site }),
    }),
  ).data;
  // What the search or a driver leaves of each state has not been counted.
  const counted = searching || filters.driver !== undefined ? undefined : summary;
  const chosenStates = statesOf(filters);
  const total = counted === undefined
    ? undefined
    : chosenStates.length === 0
    ? counted.total
    : counted.byState.filter(({ state }) => chosenStates.includes(state)).reduce(
      (sum, { count }) => sum + count,
      0,
    );

  const selection = useSelection(orders.rows);
  const grid = useRef<HTMLDivElement>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const assignButton = useRef<HTMLButtonElement>(null);
  const clearSelection = selection.clear;
  const filterBy = useCallback((change: Partial<BoardFilters>) => {
    clearSelection();
    void navigate({ to: ".", search: (old) => ({ ...old, ...change }), replace: "q" in change });
  }, [navigate, clearSelection]);
  const showDay = useCallback(
    (day: string) => filterBy({ day: day === today ? undefined : day }),
    [filterBy, today],
  );
  const search = useCallback((q: string) => filterBy({ q: q === "" ? undefined : q }), [filterBy]);
  const chooseDriver = (driver: string | undefined) => {
    setDriversOpen(false);
    filterBy({ driver });
  };
  const open = (order: Delivery, how: "pointer" | "keyboard") =>
    navigate({
      to: "/orders/$orderId",
      params: { orderId: order.id },
      search: true,
      state: { focusOrder: how === "keyboard" },
    });
  const close = () => {
    grid.current?.focus({ preventScroll: true });
    void navigate({ to: "/", search: true });
  };

  useShortcuts({
    "/": () => searchField.current?.focus(),
    "?": () => setHelp(true),
    ...(mayWrite && { n: () => void navigate({ to: "/orders/new", search: true }) }),
    a: () => assignButton.current?.click(),
    ...(!searching && {
      t: () => showDay(today),
      "[": () => showDay(dayAfter(day === "all" ? today : day, -1)),
      "]": () => showDay(dayAfter(day === "all" ? today : day, 1)),
    }),
    Escape: () => selection.orders.length > 0 ? selection.clear() : orderId !== undefined && close(),
  });

  const covered = somethingOpen && !beside;
  const title = t("title");
  const driverPanel = (
    <DriverPanel
      places={places}
      summary={summary}
      site={filters.site}
      chosen={filters.driver}
      onChoose={chooseDriver}
      droppable={mayDispatch}
    />
  );
  return (
    <div className={styles.page} data-covered={covered || undefined}>
      {!somethingOpen && <DocumentTitle title={title} />}
      <div className={styles.top} inert={covered}>
        <header className={styles.header}>
          <div className={styles.words}>
            <h1 id={somethingOpen ? undefined : "page-title"} tabIndex={-1}>{title}</h1>
            <p className={styles.lead}>
              {searching ? t("day.searching") : day === "all" ? t("day.everyDay") : dayName(day)}
            </p>
          </div>
          <DaySwitcher day={day} today={today} onChange={showDay} suspended={searching} />
          <SearchField ref={searchField} value={filters.q ?? ""} onChange={search} />
          <SiteFilter
            sites={[...places.sites.values()]}
            value={filters.site}
            onChange={(site) => filterBy({ site, driver: undefined })}
          />
          <div className={styles.actions}>
            <ActionIcon
              size="lg"
              className={styles.help}
              aria-label={t("keys.title")}
              onClick={() => setHelp(true)}
            >
              <IconKeyboard size={20} stroke={1.5} />
            </ActionIcon>
            {seesDrivers && (
              <Button
                className={styles.driversButton}
                variant="default"
                leftSection={<IconUsers size={16} aria-hidden />}
                onClick={() => setDriversOpen(true)}
              >
                {t("drivers.title")}
              </Button>
            )}
            {mayWrite && (
              <LinkButton
                to="/orders/new"
                search
                leftSection={<IconPlus size={16} aria-hidden />}
              >
                {t("new")}
              </LinkButton>
            )}
          </div>
        </header>
        <StateFilter
          chosen={chosenStates}
          onChange={(states) => filterBy({ state: states.length === 0 ? undefined : states.join(",") })}
          summary={counted}
        />
        {filters.driver !== undefined && (
          <p className={styles.driverShown}>
            {t("drivers.shown", {
              name: filters.driver === "none"
                ? t("nobody")
                : places.drivers.get(filters.driver)?.name ?? t("erasedDriver"),
            })}
            <Button size="compact-sm" variant="subtle" onClick={() => filterBy({ driver: undefined })}>
              {t("drivers.showAll")}
            </Button>
          </p>
        )}
      </div>
      <section className={styles.list} aria-label={t("list")} aria-busy={orders.isStale} inert={covered}>
        {orders.problem !== null && orders.rows.length > 0 && (
          <StaleNotice problem={orders.problem} since={orders.readAt} />
        )}
        {orders.isPending
          ? <LoadingRows rows={14} height={52} />
          : orders.problem !== null && orders.rows.length === 0
          ? (
            <div className={styles.problem}>
              <ProblemNotice problem={orders.problem} onRetry={orders.retry} />
              {orders.triesAgain && <p className={styles.again}>{t("triesAgain")}</p>}
            </div>
          )
          : orders.rows.length === 0
          ? (
            <NoOrders
              narrowed={Object.keys(asked).some((name) => name !== "day")}
              search={filters.q}
              onClear={() => filterBy({ site: undefined, state: undefined, driver: undefined, q: undefined })}
              onEveryDay={() => showDay("all")}
            />
          )
          : (
            <OrderList
              ref={grid}
              rows={orders.rows}
              list={orders.list}
              total={orders.isWhole ? orders.rows.length : total}
              places={places}
              selection={selection}
              selectable={mayDispatch}
              showDay={searching || day === "all"}
              openedId={orderId}
              onOpen={open}
              onSelectAll={async () => selection.choose(await orders.readAll())}
              onNearEnd={orders.readOn}
            />
          )}
        {selection.orders.length > 0 && (
          <SelectionBar
            selection={selection}
            places={places}
            summary={summary}
            assignButton={assignButton}
          />
        )}
      </section>
      {somethingOpen
        ? (
          <div className={styles.opened}>
            <Suspense fallback={<LoadingRows />}>
              <Outlet />
            </Suspense>
          </div>
        )
        : beside && seesDrivers
        ? <aside className={styles.side} aria-label={t("drivers.title")}>{driverPanel}</aside>
        : null}
      {seesDrivers && !beside && (
        <Drawer
          opened={driversOpen}
          onClose={() => setDriversOpen(false)}
          size="21rem"
          title={t("drivers.title")}
          closeButtonProps={{ "aria-label": t("close") }}
        >
          {driverPanel}
        </Drawer>
      )}
      {help && (
        <Suspense>
          <KeyboardHelp onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** The board's title, while no order has one of its own. */
function DocumentTitle({ title }: { title: string }) {
  useDocumentTitle(title);
  return null;
}

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The order was opened by the keyboard, which goes on there. */
    focusOrder?: boolean;
  }
}
