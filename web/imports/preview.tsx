import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import, ImportOptions, ImportPreview } from "../../server/deliveries/import/schema.ts";
import { api } from "../api.ts";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { FaultList } from "./fault_list.tsx";
import { FirstOrders } from "./first_orders.tsx";
import { previewQuery } from "./queries.ts";
import { ReadingForm } from "./reading_form.tsx";
import { StartPanel } from "./start_panel.tsx";
import { Tally } from "./tally.tsx";

interface PreviewProps {
  id: string;
  onStarted: (started: Import) => void;
  onForgotten: () => void;
}

/** What was read of an uploaded file: to be checked, mapped otherwise if need be, and then imported or forgotten. */
export function Preview({ id, onStarted, onForgotten }: PreviewProps) {
  const { t } = useTranslation("imports");
  const preview = useQuery(previewQuery(id));
  if (preview.isPending) {
    return (
      <Panel title={t("preview.title")}>
        <LoadingRows rows={4} />
      </Panel>
    );
  }
  if (preview.isError) {
    return (
      <Panel title={t("preview.title")}>
        <ProblemNotice problem={preview.error} onRetry={() => void preview.refetch()} />
      </Panel>
    );
  }
  return <ReadPreview preview={preview.data} onStarted={onStarted} onForgotten={onForgotten} />;
}

function ReadPreview(
  { preview, onStarted, onForgotten }: Omit<PreviewProps, "id"> & { preview: ImportPreview },
) {
  const { t } = useTranslation("imports");
  const queries = useQueryClient();
  const { options, choose, reading, problem } = useOptions(preview);
  // A file nobody understood yet begins with the columns. They stay in their place once it is understood.
  const [columnsFirst] = useState(preview.orders === 0);
  const form = <ReadingForm preview={preview} options={options} onChange={choose} />;
  const forget = async () => {
    await api.delete(`/imports/${preview.id}`);
    await queries.invalidateQueries({ queryKey: ["imports"] });
    tell(t("preview.forgotten"));
    onForgotten();
  };
  return (
    <>
      <Panel
        title={preview.fileName ?? t("preview.title")}
        lead={t("preview.facts", {
          format: t(`format.${options.format}`),
          encoding: t(`encoding.${preview.encoding}`),
          delimiter: t(`delimiter.${delimiterNames[preview.delimiter]}`),
          rows: t("preview.rows", { count: preview.rows }),
        })}
        actions={
          <Button
            variant="default"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => void forget()}
          >
            {t("preview.forget")}
          </Button>
        }
      >
        <Tally
          busy={reading}
          counts={[
            { label: t("preview.ordersTile"), count: preview.orders, tone: "petrol" },
            { label: t("preview.faultsTile"), count: preview.faultCount, tone: "red" },
            { label: t("preview.leftOutTile"), count: preview.leftOutCount, tone: "gray" },
          ]}
        />
        {problem !== null && <ProblemNotice problem={problem} />}
      </Panel>
      <StartPanel preview={preview} disabled={reading} onStarted={onStarted} />
      {columnsFirst && form}
      <FaultList report={preview} />
      {preview.firstOrders.length > 0 && <FirstOrders preview={preview} />}
      {!columnsFirst && form}
    </>
  );
}

const delimiterNames = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" } as const;

/** A pause in choosing after which the file is read again. */
const PAUSE_MS = 350;

/**
 * The options as they are being chosen. After a short pause the server reads the file with them; a newer choice
 * overtakes an older one on its way.
 */
function useOptions(preview: ImportPreview) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<ImportOptions | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  useEffect(() => {
    if (draft === null) return;
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const read = await api.put<ImportPreview>(`/imports/${preview.id}/options`, draft, {
          signal: controller.signal,
        });
        queries.setQueryData(previewQuery(preview.id).queryKey, read);
        setProblem(null);
      } catch (fault) {
        if (controller.signal.aborted) return;
        setProblem(fault);
      }
      setDraft((now) => now === draft ? null : now);
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [draft, preview.id, queries]);

  return { options: draft ?? preview.options, choose: setDraft, reading: draft !== null, problem };
}
