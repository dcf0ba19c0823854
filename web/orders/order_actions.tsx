import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconLink, IconPencil, IconUserOff } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DeliveryDetail, NewStep, State } from "../../server/deliveries/schema.ts";
import { useCan } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { LinkButton } from "../ui/link_button.tsx";
import { tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";
import { stateLooks } from "../ui/state_badge.tsx";
import { takeStep, useDispatching } from "./dispatching.tsx";
import { DriverChoice } from "./driver_choice.tsx";
import styles from "./order_actions.module.css";
import type { Places } from "./places.ts";
import { orderQuery, summaryQuery } from "./queries.ts";

const StepDialog = lazy(() => import("./step_dialog.tsx"));
const TrackingDialog = lazy(() => import("./tracking_dialog.tsx"));

/** States in which an order can be given to a driver, or to another one. */
const assignable: readonly State[] = ["unassigned", "offered", "assigned", "accepted", "loaded"];
/** States after which nothing about an order changes. */
const closed: readonly State[] = ["completed", "returned", "cancelled"];

type Asking = { step: "completed" | "failed" } | "cancel" | "tracking" | null;

/** What the reader may do with the order: what usually comes next as buttons, the rest in a menu. */
export function OrderActions({ order, places }: { order: DeliveryDetail; places: Places }) {
  const { t } = useTranslation("orders");
  const mayStep = useCan("orders.step");
  const mayDispatch = useCan("orders.dispatch");
  const mayWrite = useCan("orders.write");
  const { assign, busy } = useDispatching();
  const step = useStep(order);
  const [asking, setAsking] = useState<Asking>(null);
  const summary = useQuery({ ...summaryQuery({ day: order.day }), enabled: mayDispatch }).data;

  const take = (to: State) => {
    if (to === "completed" || to === "failed") setAsking({ step: to });
    else if (to === "cancelled") setAsking("cancel");
    else void step.take({ to });
  };
  const canAssign = mayDispatch && assignable.includes(order.state);
  // Unassigning goes by its own entry, which tells the driver apart from nobody.
  const onward = mayStep ? order.onward.filter((to) => !(to === "unassigned" && canAssign)) : [];
  const [next, ...others] = onward.filter((to) => to !== "cancelled");
  const inMenu = [...others, ...onward.filter((to) => to === "cancelled")];
  const nothingToDo = !canAssign && next === undefined;
  return (
    <div className={styles.actions}>
      {canAssign && (
        <DriverChoice
          label={t(order.driverId === null ? "assign" : "reassign")}
          places={places}
          summary={summary}
          site={order.siteId}
          onChoose={(driverId) => void assign([order], driverId)}
          buttonProps={{ loading: busy, variant: order.driverId === null ? "filled" : "default" }}
        />
      )}
      {next !== undefined && (
        <Button
          variant={canAssign && order.driverId === null ? "default" : "filled"}
          onClick={() => take(next)}
          loading={step.busy}
        >
          {t(`act.${next}`)}
        </Button>
      )}
      {others.map((to) =>
        to === "failed" && (
          <Button key={to} variant="default" onClick={() => take(to)} disabled={step.busy}>
            {t(`act.${to}`)}
          </Button>
        )
      )}
      {mayWrite && !closed.includes(order.state) && order.recipient !== null && (
        <LinkButton
          to="/orders/$orderId/edit"
          params={{ orderId: order.id }}
          search
          variant="default"
          leftSection={<IconPencil size={16} aria-hidden />}
        >
          {t("edit")}
        </LinkButton>
      )}
      {mayWrite && nothingToDo && (
        <Button
          variant="default"
          leftSection={<IconLink size={16} aria-hidden />}
          onClick={() => setAsking("tracking")}
        >
          {t("tracking.act")}
        </Button>
      )}
      {(inMenu.length > 0 || (mayWrite && !nothingToDo)) && (
        <Menu position="bottom-end" width={220} withinPortal={false}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={t("moreActions")}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {canAssign && order.driverId !== null && (
              <Menu.Item
                leftSection={<IconUserOff size={16} />}
                onClick={() => void assign([order], null)}
              >
                {t("unassign")}
              </Menu.Item>
            )}
            {inMenu.filter((to) =>
              to !== "failed"
            ).map((to) => {
              const { icon: Icon } = stateLooks[to];
              return (
                <Menu.Item
                  key={to}
                  leftSection={<Icon size={16} />}
                  onClick={() => take(to)}
                >
                  {t(`act.${to}`)}
                </Menu.Item>
              );
            })}
            {mayWrite && (
              <Menu.Item
                leftSection={<IconLink size={16} />}
                onClick={() => setAsking("tracking")}
              >
                {t("tracking.act")}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <ConfirmDialog
        opened={asking === "cancel"}
        onClose={() => setAsking(null)}
        title={t("cancelling.titleOne", { number: order.number })}
        act={t("cancelling.confirm", { count: 1 })}
        dismiss={t("cancelling.keep", { count: 1 })}
        grave
        onConfirm={() => step.send({ to: "cancelled" })}
      >
        <p>{t("cancelling.detail", { count: 1 })}</p>
      </ConfirmDialog>
      <Suspense>
        {asking !== null && typeof asking === "object" && (
          <StepDialog
            order={order}
            to={asking.step}
            onClose={() => setAsking(null)}
            onTake={step.send}
          />
        )}
        {asking === "tracking" && <TrackingDialog order={order} onClose={() => setAsking(null)} />}
      </Suspense>
    </div>
  );
}

/** Takes steps of an order: `send` rejects for dialogs that show the refusal, `take` tells it. */
function useStep({ id }: DeliveryDetail) {
  const queries = useQueryClient();
  const words = useProblemWords();
  const [busy, setBusy] = useState(false);
  const send = async (step: Pick<NewStep, "to"> & Partial<NewStep>) => {
    const after = await takeStep(id, step);
    queries.setQueryData(orderQuery(id).queryKey, after);
    void queries.invalidateQueries({ queryKey: ["deliveries"] });
  };
  const take = async (step: Pick<NewStep, "to">) => {
    setBusy(true);
    try {
      await send(step);
    } catch (problem) {
      tellProblem(words(problem));
    } finally {
      setBusy(false);
    }
  };
  return { busy, send, take };
}
