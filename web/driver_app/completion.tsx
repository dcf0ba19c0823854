import { Textarea, TextInput } from "@mantine/core";
import { IconCash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Signature } from "../../server/deliveries/schema.ts";
import { newKey } from "../api.ts";
import styles from "./completion.module.css";
import type { ProofContent, Said } from "./driving.ts";
import { type Photo, PhotoField } from "./photo_field.tsx";
import { Choice, Sheet } from "./sheet.tsx";
import { SignaturePad } from "./signature_pad.tsx";
import { handedTo, money, type Stop } from "./stop.ts";
import { SwipeButton } from "./swipe_button.tsx";

type HandedTo = typeof handedTo[number];

interface CompletionProps {
  stop: Stop;
  onClose: () => void;
  onComplete: (said: Said, proofs: ProofContent[]) => void;
}

/** Asks to whom it went and for the proof the order needs, then completes the stop. */
export function Completion({ stop, onClose, onComplete }: CompletionProps) {
  const { t } = useTranslation("driverApp");
  const [outcome, setOutcome] = useState<HandedTo>("recipient");
  const [receivedBy, setReceivedBy] = useState("");
  const [note, setNote] = useState("");
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [strokes, setStrokes] = useState<Signature["strokes"]>([]);
  // Made with the sheet, so that this signature has one id however often it is sent.
  const [signatureId] = useState(newKey);

  const needs = new Set(stop.requires);
  const has = (kind: "photo" | "signature") => stop.proofs.some((proof) => proof.kind === kind);
  const asksName = needs.has("name") || outcome === "someone-else";
  const missing = [
    asksName && receivedBy.trim() === "" && t("requirements.name"),
    needs.has("signature") && !has("signature") && strokes.length === 0 && t("requirements.signature"),
    needs.has("photo") && !has("photo") && photos.length === 0 && t("requirements.photo"),
    needs.has("note") && note.trim() === "" && t("requirements.note"),
  ].filter((word) => word !== false);

  const complete = () => {
    const said = { outcome, note: note.trim() || null, receivedBy: asksName ? receivedBy.trim() : null };
    onComplete(said, [
      ...photos,
      ...(strokes.length > 0 ? [{ id: signatureId, content: { strokes } }] : []),
    ]);
  };

  return (
    <Sheet
      title={t("complete.title", { number: stop.number })}
      onClose={onClose}
      foot={
        <>
          <p className={styles.missing} role="status">
            {missing.length > 0 && t("complete.missing", { what: missing.join(", ") })}
          </p>
          <SwipeButton label={t("complete.act")} disabled={missing.length > 0} onConfirm={complete} />
        </>
      }
    >
      {stop.cash !== null && stop.cash.amount > 0 && (
        <p className={styles.cash}>
          <IconCash size={24} aria-hidden />
          {t("complete.cash", { amount: money(stop.cash) })}
        </p>
      )}
      <Choice
        label={t("complete.who")}
        options={handedTo.map((value) => ({ value, label: t(`outcomes.${value}`) }))}
        chosen={outcome}
        onChoose={setOutcome}
      />
      {asksName && (
        <TextInput
          size="lg"
          label={t("complete.name")}
          value={receivedBy}
          maxLength={120}
          autoComplete="off"
          required
          onChange={(event) => setReceivedBy(event.currentTarget.value)}
        />
      )}
      {needs.has("signature") && !has("signature") && (
        <SignaturePad
          strokes={strokes}
          onChange={setStrokes}
        />
      )}
      <PhotoField
        label={needs.has("photo") && !has("photo") ? t("complete.photo") : t("complete.photoOptional")}
        photos={photos}
        onAdd={(content) => setPhotos((before) => [...before, { id: newKey(), content }])}
        onRemove={(id) => setPhotos((before) => before.filter((photo) => photo.id !== id))}
      />
      <Textarea
        size="lg"
        label={needs.has("note") ? t("complete.note") : t("complete.noteOptional")}
        value={note}
        maxLength={2000}
        autosize
        minRows={2}
        required={needs.has("note")}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </Sheet>
  );
}
