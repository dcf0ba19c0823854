import { Button, Modal, Radio, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  deliveredTo,
  DeliveryDetail,
  failures,
  NewStep,
  Outcome,
} from "../../server/deliveries/schema.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./step_dialog.module.css";

// Records rather than lists, so that an outcome the server learns is missed here by the compiler.
const delivered: Record<(typeof deliveredTo)[number], true> = {
  recipient: true,
  "someone-else": true,
  mailbox: true,
  "safe-place": true,
  "pickup-point": true,
};
const failed: Record<(typeof failures)[number], true> = {
  "nobody-home": true,
  "address-not-found": true,
  "no-access": true,
  "no-time": true,
  "package-missing": true,
  refused: true,
  "proof-missing": true,
  "payment-missing": true,
};
const outcomesOf = { completed: Object.keys(delivered), failed: Object.keys(failed) } as Record<
  "completed" | "failed",
  Outcome[]
>;

interface StepDialogProps {
  order: DeliveryDetail;
  to: "completed" | "failed";
  onClose: () => void;
  onTake: (step: Pick<NewStep, "to"> & Partial<NewStep>) => Promise<void>;
}

/** Asks how a delivery ended before it is completed or has failed. */
export default function StepDialog({ order, to, onClose, onTake }: StepDialogProps) {
  const { t } = useTranslation("orders");
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [note, setNote] = useState("");
  const [receivedBy, setReceivedBy] = useState("");
  const { busy, refusal, submit } = useSubmit();
  const needsName = to === "completed" && order.requires.includes("name");
  const needsNote = to === "completed" && order.requires.includes("note");
  const [missing, setMissing] = useState(false);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (outcome === null) return setMissing(true);
    const taken = await submit(() =>
      onTake({ to, outcome, note: note.trim() || null, receivedBy: receivedBy.trim() || null })
    );
    if (taken) onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`ending.${to}`, { number: order.number })}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <form className={form.form} onSubmit={send} noValidate>
        <Radio.Group
          label={t("ending.outcome")}
          value={outcome}
          onChange={(value) => {
            setOutcome(value as Outcome);
            setMissing(false);
          }}
          error={missing ? t("ending.outcomeMissing") : refusal.of("outcome")}
        >
          <div className={styles.outcomes}>
            {outcomesOf[to].map((value) => (
              <Radio
                key={value}
                value={value}
                label={t(`outcomes.${value}`)}
              />
            ))}
          </div>
        </Radio.Group>
        {to === "completed" && (needsName || outcome === "someone-else" || outcome === "recipient") && (
          <TextInput
            label={t("ending.receivedBy")}
            description={needsName ? t("ending.nameNeeded") : undefined}
            value={receivedBy}
            onChange={(event) => setReceivedBy(event.currentTarget.value)}
            error={refusal.of("receivedBy")}
            maxLength={120}
            autoComplete="off"
          />
        )}
        <Textarea
          label={t("ending.note")}
          description={needsNote ? t("ending.noteNeeded") : undefined}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          error={refusal.of("note")}
          rows={3}
          maxLength={2000}
        />
        {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
        <div className={form.buttons}>
          <Button variant="default" onClick={onClose}>{t("back")}</Button>
          <Button type="submit" loading={busy} color={to === "failed" ? "red" : undefined}>
            {t(`ending.act.${to}`)}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
