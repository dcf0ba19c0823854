import { Button, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./copy_field.module.css";

interface CopyFieldProps {
  label: string;
  value: string;
  description?: string;
}

/** A value to take elsewhere: select it, or press the button. */
export function CopyField({ label, value, description }: CopyFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <TextInput
      ref={field}
      label={label}
      description={description}
      value={value}
      readOnly
      onFocus={(event) => event.currentTarget.select()}
      classNames={{ wrapper: styles.field, input: styles.input }}
      inputContainer={(input) => (
        <div className={styles.copy}>
          {input}
          <CopyButton text={value} onBlocked={() => field.current?.select()} />
        </div>
      )}
    />
  );
}

interface CopyButtonProps {
  text: string;
  /** Called where the browser gives pages no clipboard (plain http): select the text instead. */
  onBlocked?: () => void;
  label?: string;
}

/** Copies `text` and says so for two seconds. */
export function CopyButton({ text, onBlocked, label }: CopyButtonProps) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      onBlocked?.();
    }
  };
  return (
    <Button
      variant="default"
      leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
      onClick={copy}
    >
      <span aria-live="polite">{copied ? t("copied") : label ?? t("copy")}</span>
    </Button>
  );
}
