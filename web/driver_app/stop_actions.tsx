import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Completion } from "./completion.tsx";
import type { Driving, ProofContent, Said } from "./driving.ts";
import { Failing } from "./failing.tsx";
import { type DriversStep, isDriversStep } from "./step_words.ts";
import { isOver, type Stop } from "./stop.ts";
import styles from "./stop_actions.module.css";
import { SwipeButton } from "./swipe_button.tsx";

/** The steps that may be taken now: the likely one large, the others beside it; and the last one taken back. */
export function StopActions({ stop, driving }: { stop: Stop; driving: Driving }) {
  const { t } = useTranslation("driverApp");
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"completed" | "failed" | null>(null);
  const [likely, ...others] = stop.onward.filter(isDriversStep);

  const take = (to: DriversStep, said?: Said, proofs?: ProofContent[]) => {
    setAsking(null);
    driving.take([stop], to, said, proofs);
    if (to === "completed" || to === "failed" || to === "unassigned") void navigate({ to: "/driver" });
  };
  const begin = (to: DriversStep) => to === "completed" || to === "failed" ? setAsking(to) : take(to);
  const undoable = isOver(stop) ? stop.steps.find(({ id }) => id === stop.undoable) : undefined;

  return (
    <>
      {(likely !== undefined || others.length > 0) && (
        <div className={styles.actions}>
          {likely === "arrived"
            ? <SwipeButton label={t("act.arrived")} onConfirm={() => take("arrived")} />
            : likely !== undefined && (
              <Button
                className={styles.likely}
                aria-haspopup={likely === "completed" ? "dialog" : undefined}
                onClick={() => begin(likely)}
              >
                {t(`act.${likely}`)}
              </Button>
            )}
          {others.map((to) => (
            <Button
              key={to}
              className={styles.other}
              variant="default"
              aria-haspopup={to === "failed" ? "dialog" : undefined}
              onClick={() => begin(to)}
            >
              {t(`act.${to}`)}
            </Button>
          ))}
        </div>
      )}
      {undoable !== undefined && driving.justTaken === null && isDriversStep(undoable.to) && (
        <Button
          className={styles.other}
          variant="default"
          leftSection={<IconArrowBackUp size={20} aria-hidden />}
          onClick={() => driving.takeBack(stop.id, undoable.id)}
        >
          {t("undoStep", { step: t(`took.${undoable.to}`) })}
        </Button>
      )}
      {asking === "completed" && (
        <Completion
          stop={stop}
          onClose={() => setAsking(null)}
          onComplete={(said, proofs) => take("completed", said, proofs)}
        />
      )}
      {asking === "failed" && (
        <Failing
          stop={stop}
          onClose={() => setAsking(null)}
          onFail={(said, proofs) => take("failed", said, proofs)}
        />
      )}
    </>
  );
}
