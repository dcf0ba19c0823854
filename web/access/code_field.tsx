import { TextInput } from "@mantine/core";
import styles from "./code_field.module.css";

interface CodeFieldProps {
  label: string;
  description?: string;
  value: string;
  onChange: (code: string) => void;
  error?: string;
  /** Six digits only, or also a recovery code. */
  digitsOnly?: boolean;
  autoFocus?: boolean;
}

/** Where a code is typed or filled in by the phone: one field, so that pasting and auto-fill work. */
export function CodeField(
  { label, description, value, onChange, error, digitsOnly = false, autoFocus = false }: CodeFieldProps,
) {
  return (
    <TextInput
      label={label}
      description={description}
      value={value}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        onChange(digitsOnly ? typed.replaceAll(/\D/g, "").slice(0, 6) : typed);
      }}
      error={error}
      autoComplete="one-time-code"
      inputMode={digitsOnly ? "numeric" : "text"}
      autoCapitalize="none"
      spellCheck={false}
      maxLength={40}
      required
      withAsterisk={false}
      autoFocus={autoFocus}
      classNames={{ input: digitsOnly ? styles.digits : styles.code }}
    />
  );
}
