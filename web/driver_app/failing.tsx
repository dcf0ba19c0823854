import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "../api.ts";
import type { ProofContent, Said } from "./driving.ts";
import { type Photo, PhotoField } from "./photo_field.tsx";
import { Choice, Sheet } from "./sheet.tsx";
import actions from "./stop_actions.module.css";
import { type Failure, reasons, type Stop } from "./stop.ts";

interface FailingProps {
  stop: Stop;
  onClose: () => void;
  onFail: (said: Said, proofs: ProofContent[]) => void;
}

/** Asks why a stop was not possible. */
export function Failing({ stop, onClose, onFail }: FailingProps) {
  const { t } = useTranslation("driverApp");
  const [reason, setReason] = useState<Failure | null>(null);
  const [asked, setAsked] = useState(false);
  const [note, setNote] = useState("");
  const [photos, setPhotos] = useState<Photo[]>([]);

  const report = () => {
    if (reason === null) setAsked(true);
    else onFail({ outcome: reason, note: note.trim() || null }, photos);
  };
  return (
    <Sheet
      title={t("fail.title", { number: stop.number })}
      onClose={onClose}
      foot={<Button className={actions.likely} color="red" onClick={report}>{t("fail.act")}</Button>}
    >
      <Choice
        label={t("fail.reason")}
        options={reasons.map((value) => ({ value, label: t(`outcomes.${value}`) }))}
        chosen={reason}
        onChoose={setReason}
        error={asked && reason === null ? t("fail.needed") : undefined}
      />
      <PhotoField
        label={t("complete.photoOptional")}
        photos={photos}
        onAdd={(content) => setPhotos((before) => [...before, { id: newKey(), content }])}
        onRemove={(id) => setPhotos((before) => before.filter((photo) => photo.id !== id))}
      />
      <Textarea
        size="lg"
        label={t("fail.note")}
        value={note}
        maxLength={2000}
        autosize
        minRows={2}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </Sheet>
  );
}
