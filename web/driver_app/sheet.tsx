import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "./sheet.module.css";

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** What stays at the thumb while the rest scrolls. */
  foot: ReactNode;
}

/** A question that takes the whole phone; a dialog on wide screens. */
export function Sheet({ title, onClose, children, foot }: SheetProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="30rem"
      closeButtonProps={{ "aria-label": t("close"), size: "xl" }}
      classNames={{
        inner: styles.inner,
        content: styles.content,
        header: styles.header,
        title: styles.title,
        body: styles.body,
      }}
    >
      <div className={styles.fields}>{children}</div>
      <div className={styles.foot}>{foot}</div>
    </Modal>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  options: readonly { value: Value; label: string }[];
  chosen: Value | null;
  onChoose: (value: Value) => void;
  error?: string;
}

/** One of a few, each a target for a thumb. */
export function Choice<Value extends string>(
  { label, options, chosen, onChoose, error }: ChoiceProps<Value>,
) {
  return (
    <fieldset className={styles.choice} data-invalid={error !== undefined || undefined}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles.option}>
          <input
            type="radio"
            name={label}
            checked={option.value === chosen}
            onChange={() => onChoose(option.value)}
          />
          {option.label}
        </label>
      ))}
      {error !== undefined && <p className={styles.fault} role="alert">{error}</p>}
    </fieldset>
  );
}
