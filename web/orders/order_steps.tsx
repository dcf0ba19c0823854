import { Button } from "@mantine/core";
import { IconArrowBackUp, IconHistory } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DeliveryDetail, Step } from "../../server/deliveries/schema.ts";
import { api } from "../api.ts";
import { useCan } from "../session.ts";
import { tell, tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";
import { stateLooks } from "../ui/state_badge.tsx";
import { DateText, moment } from "../ui/times.tsx";
import { PanelHeading } from "./beside_panel.tsx";
import sections from "./order_page.module.css";
import styles from "./order_steps.module.css";
import type { Places } from "./places.ts";
import { orderQuery } from "./queries.ts";

/** A phone that was offline tells later; up to here nobody would call that later. */
const AT_ONCE_MS = 60_000;

interface OrderStepsProps {
  order: DeliveryDetail;
  timeZone: string;
  places: Places;
}

/** What happened to the order, the latest first. Steps taken back stay, struck through. */
export function OrderSteps({ order, timeZone, places }: OrderStepsProps) {
  const { t } = useTranslation("orders");
  const undo = useUndo(order);
  const mayStep = useCan("orders.step");
  const maySeeTrail = useCan("audit.read");
  return (
    <section className={sections.section} aria-labelledby="order-steps">
      <div className={styles.head}>
        <PanelHeading id="order-steps" className={sections.heading}>{t("steps.title")}</PanelHeading>
        {maySeeTrail && (
          <Link to="/audit" search={{ thing: order.id }} className={styles.trail}>
            <IconHistory size={15} aria-hidden /> {t("history")}
          </Link>
        )}
      </div>
      <ol className={styles.steps}>
        {order.steps.toReversed().map((step) => (
          <StepEntry
            key={step.id}
            step={step}
            timeZone={timeZone}
            driver={step.driverId === null
              ? undefined
              : places.drivers.get(step.driverId)?.name ?? t("erasedDriver")}
            onUndo={mayStep && step.id === order.undoable ? () => undo.run(step.id) : undefined}
            busy={undo.busy}
          />
        ))}
        <li className={styles.step}>
          <span className={styles.dot} aria-hidden />
          <p className={styles.what}>{t("steps.created")}</p>
          <p className={styles.when}>
            <DateText at={order.createdAt} timeZone={timeZone} />
          </p>
        </li>
      </ol>
    </section>
  );
}

interface StepEntryProps {
  step: Step;
  timeZone: string;
  driver: string | undefined;
  onUndo: (() => void) | undefined;
  busy: boolean;
}

function StepEntry({ step, timeZone, driver, onUndo, busy }: StepEntryProps) {
  const { t } = useTranslation("orders");
  const { t: words } = useTranslation();
  const { tone, icon: Icon } = stateLooks[step.to];
  const late = Date.parse(step.receivedAt) - Date.parse(step.happenedAt) > AT_ONCE_MS;
  const toDriver = step.to === "assigned" || step.to === "offered";
  const What = step.undone ? "s" : "span";
  return (
    <li className={styles.step} data-undone={step.undone || undefined} data-tone={tone}>
      <span className={styles.dot} aria-hidden>
        <Icon size={13} stroke={2.25} />
      </span>
      <p className={styles.what}>
        <What>
          {words(`states.${step.to}`)}
          {toDriver && driver !== undefined && ` · ${driver}`}
          {step.outcome !== null && ` · ${t(`outcomes.${step.outcome}`)}`}
        </What>
        {step.undone && <span className={styles.undone}>{t("steps.undone")}</span>}
      </p>
      <p className={styles.when}>
        <DateText at={step.happenedAt} timeZone={timeZone} />
        {step.byName !== null && ` · ${step.byName}`}
      </p>
      {late && <p className={styles.when}>{t("steps.late", { at: moment(step.receivedAt, timeZone) })}</p>}
      {step.receivedBy !== null && (
        <p className={styles.said}>{t("steps.receivedBy", { name: step.receivedBy })}</p>
      )}
      {step.note !== null && <p className={styles.said}>{step.note}</p>}
      {onUndo !== undefined && (
        <Button
          className={styles.undo}
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
          onClick={onUndo}
          loading={busy}
        >
          {t("steps.undo")}
        </Button>
      )}
    </li>
  );
}

function useUndo({ id }: DeliveryDetail) {
  const { t } = useTranslation("orders");
  const queries = useQueryClient();
  const words = useProblemWords();
  const [busy, setBusy] = useState(false);
  const run = async (stepId: string) => {
    setBusy(true);
    try {
      const after = await api.delete<DeliveryDetail>(`/deliveries/${id}/steps/${stepId}`);
      queries.setQueryData(orderQuery(id).queryKey, after);
      tell(t("steps.takenBack"));
    } catch (problem) {
      tellProblem(words(problem));
    } finally {
      setBusy(false);
      void queries.invalidateQueries({ queryKey: ["deliveries"] });
    }
  };
  return { busy, run };
}
