import { Button, Radio } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import, ImportMode, ImportPreview } from "../../server/deliveries/import/schema.ts";
import { api } from "../api.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { useSubmit } from "../ui/faults.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./start_panel.module.css";

interface StartPanelProps {
  preview: ImportPreview;
  /** While the file is being read again, nobody knows what would be imported. */
  disabled: boolean;
  onStarted: (started: Import) => void;
}

/** What to do about faults, what each choice leads to, and the button that does it. */
export function StartPanel({ preview, disabled, onStarted }: StartPanelProps) {
  const { t } = useTranslation("imports");
  const [mode, setMode] = useState<ImportMode>("valid-rows");
  const { busy, refusal, submit } = useSubmit();
  const { id, orders, faultCount } = preview;
  if (orders === 0) {
    return (
      <Panel>
        <EmptyState icon={<IconFileImport size={26} />} title={t("run.none")} detail={t("run.noneHint")} />
      </Panel>
    );
  }
  const wouldRefuse = mode === "all-or-nothing" && faultCount > 0;
  const start = () => submit(async () => onStarted(await api.post<Import>(`/imports/${id}/run`, { mode })));
  return (
    <Panel title={t("run.title")} lead={t("run.known")}>
      <div className={styles.start}>
        <Radio.Group
          label={t("run.mode")}
          value={mode}
          onChange={(value) => setMode(value === "all-or-nothing" ? value : "valid-rows")}
        >
          <div className={styles.modes}>
            <Radio
              value="valid-rows"
              label={t("run.validRows")}
              description={t("run.validRowsHint", { count: faultCount })}
            />
            <Radio
              value="all-or-nothing"
              label={t("run.allOrNothing")}
              description={t("run.allOrNothingHint", { count: faultCount })}
            />
          </div>
        </Radio.Group>
        {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
        <Button
          size="md"
          leftSection={<IconFileImport size={18} aria-hidden />}
          loading={busy}
          disabled={disabled || wouldRefuse}
          onClick={() => void start()}
        >
          {t("run.act", { count: orders })}
        </Button>
      </div>
    </Panel>
  );
}
