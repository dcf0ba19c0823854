import { Button, CloseButton } from "@mantine/core";
import { IconBan, IconUserOff } from "@tabler/icons-react";
import { lazy, type RefObject, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Summary } from "../../server/deliveries/schema.ts";
import { useCan } from "../session.ts";
import { useDispatching } from "./dispatching.tsx";
import type { Places } from "./places.ts";
import type { Selection } from "./selection.ts";
import styles from "./selection_bar.module.css";

const DriverChoice = lazy(() =>
  import("./driver_choice.tsx").then((module) => ({ default: module.DriverChoice }))
);
const ConfirmDialog = lazy(() =>
  import("../ui/confirm_dialog.tsx").then((module) => ({ default: module.ConfirmDialog }))
);

interface SelectionBarProps {
  selection: Selection;
  places: Places;
  summary: Summary | undefined;
  /** The button that opens the drivers, for the keyboard's shortcut. */
  assignButton: RefObject<HTMLButtonElement | null>;
}

/** What can be done with the chosen orders. */
export function SelectionBar({ selection, places, summary, assignButton }: SelectionBarProps) {
  const { t } = useTranslation("orders");
  const { assign, cancel, busy } = useDispatching();
  const mayStep = useCan("orders.step");
  const [cancelling, setCancelling] = useState(false);
  const { orders, clear } = selection;
  const sites = new Set(orders.map(({ siteId }) => siteId));
  const count = orders.length;
  const give = async (driverId: string | null) => {
    await assign(orders, driverId);
    clear();
  };
  return (
    <section className={styles.bar} aria-label={t("selection.label")}>
      <p className={styles.count} role="status">{t("selection.count", { count })}</p>
      <div className={styles.acts}>
        <Suspense fallback={<Button size="sm" disabled>{t("assign")}</Button>}>
          <DriverChoice
            ref={assignButton}
            label={t("assign")}
            places={places}
            summary={summary}
            site={sites.size === 1 ? [...sites][0] : undefined}
            onChoose={give}
            buttonProps={{ size: "sm", loading: busy }}
          />
        </Suspense>
        <Button
          size="sm"
          variant="default"
          leftSection={<IconUserOff size={16} aria-hidden />}
          disabled={busy || orders.every(({ driverId }) => driverId === null)}
          onClick={() => give(null)}
        >
          {t("unassign")}
        </Button>
        {mayStep && (
          <Button
            size="sm"
            variant="default"
            leftSection={<IconBan size={16} aria-hidden />}
            disabled={busy}
            onClick={() => setCancelling(true)}
          >
            {t("cancelling.act")}
          </Button>
        )}
      </div>
      <CloseButton className={styles.clear} aria-label={t("selection.clear")} onClick={clear} />
      {cancelling && (
        <Suspense>
          <ConfirmDialog
            opened
            onClose={() => setCancelling(false)}
            title={t("cancelling.title", { count })}
            act={t("cancelling.confirm", { count })}
            dismiss={t("cancelling.keep", { count })}
            grave
            onConfirm={async () => {
              await cancel(orders);
              clear();
            }}
          >
            <p>{t("cancelling.detail", { count })}</p>
          </ConfirmDialog>
        </Suspense>
      )}
    </section>
  );
}
