import { Button, Checkbox } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../ui/copy_field.tsx";
import { dayName, today } from "../ui/times.tsx";
import styles from "./recovery_codes.module.css";

interface RecoveryCodesProps {
  codes: string[];
  email: string;
  /** Called once the reader says that the codes are kept. */
  onKept: () => void;
}

/** Recovery codes, shown once: nothing goes on before the reader has said that they are kept. */
export function RecoveryCodes({ codes, email, onKept }: RecoveryCodesProps) {
  const { t } = useTranslation("access");
  const [kept, setKept] = useState(false);
  const head = t("recovery.fileHead", { email, date: dayName(today()) });
  const text = [head, "", ...codes, ""].join("\n");
  return (
    <div className={styles.codes}>
      <p className={styles.onPaper}>{head}</p>
      <ol className={styles.list}>{codes.map((code) => <li key={code}>{code}</li>)}</ol>
      <div className={styles.acts}>
        <CopyButton text={text} label={t("recovery.copy")} />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => download(t("recovery.file"), text)}
        >
          {t("recovery.download")}
        </Button>
        <Button
          variant="default"
          leftSection={<IconPrinter size={16} aria-hidden />}
          onClick={() => globalThis.print()}
        >
          {t("recovery.print")}
        </Button>
      </div>
      <div className={styles.proceed}>
        <Checkbox
          label={t("recovery.kept")}
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        <Button disabled={!kept} onClick={onKept}>{t("recovery.proceed")}</Button>
      </div>
    </div>
  );
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
