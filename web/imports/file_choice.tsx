import { Progress } from "@mantine/core";
import { IconBuildingWarehouse, IconFileSpreadsheet } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ImportPreview } from "../../server/deliveries/import/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { sitesQuery } from "../sites/queries.ts";
import { SiteChoice } from "../sites/site_choice.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./file_choice.module.css";

const MOST_BYTES = 25 * 1024 * 1024;

/** Takes a file for a site by drop or by dialog, sends it, and hands on what was read of it. */
export function FileChoice({ onRead }: { onRead: (preview: ImportPreview) => void }) {
  const { t } = useTranslation("imports");
  const sites = useQuery(sitesQuery);
  const [chosenSite, setChosenSite] = useState<string | null>(null);
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const open = sites.data?.filter(({ active }) => active) ?? [];
  const site = chosenSite ?? open[0]?.id;

  const send = async (file: File | undefined) => {
    if (!file || !site) return;
    setProblem(null);
    if (file.size > MOST_BYTES) return setProblem(tooLarge(file));
    setSending({ name: file.name, share: 0 });
    try {
      onRead(
        // Systems disagree on what a CSV file is called; the server looks at what it is.
        await api.upload<ImportPreview>("/imports", new Blob([file], { type: "text/csv" }), {
          query: { site, name: file.name.slice(-200) },
          onProgress: (share) => setSending({ name: file.name, share }),
        }),
      );
    } catch (fault) {
      setProblem(fault);
    } finally {
      setSending(null);
    }
  };
  const tooLarge = ({ size }: File) =>
    new ApiProblem({
      slug: "file-too-large",
      title: t("tooLarge.title", { megabytes: Math.ceil(size / 1024 / 1024) }),
      next: t("tooLarge.next"),
    });

  return (
    <Panel title={t("choose.title")}>
      {sites.isPending
        ? <LoadingRows rows={2} height={70} />
        : sites.isError
        ? <ProblemNotice problem={sites.error} onRetry={() => void sites.refetch()} />
        : site === undefined
        ? (
          <EmptyState
            icon={<IconBuildingWarehouse size={26} />}
            title={t("choose.noSite")}
            detail={t("choose.noSiteDetail")}
          />
        )
        : (
          <div className={styles.choice}>
            {open.length > 1 && (
              <div className={styles.site}>
                <SiteChoice label={t("choose.site")} value={site} onChange={setChosenSite} />
              </div>
            )}
            {problem !== null && <ProblemNotice problem={problem} />}
            {sending === null ? <DropZone onFile={(file) => void send(file)} /> : <Sending {...sending} />}
          </div>
        )}
    </Panel>
  );
}

function DropZone({ onFile }: { onFile: (file: File | undefined) => void }) {
  const { t } = useTranslation("imports");
  const [over, setOver] = useState(false);
  const drag = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(isOver);
  };
  return (
    <label
      className={styles.zone}
      data-over={over || undefined}
      onDragOver={drag(true)}
      onDragLeave={drag(false)}
      onDrop={(event) => {
        drag(false)(event);
        onFile(event.dataTransfer.files[0]);
      }}
    >
      <IconFileSpreadsheet size={34} stroke={1.5} aria-hidden />
      <span className={styles.words}>
        <span className={styles.drop}>{t("choose.drop")}</span>{" "}
        <span className={styles.button}>{t("choose.dialog")}</span>
      </span>
      <span className={styles.types}>{t("choose.types")}</span>
      <input
        type="file"
        accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"
        className={styles.input}
        onChange={(event) => {
          onFile(event.currentTarget.files?.[0]);
          // The same file chosen again, once corrected, is a new choice.
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

/** The bytes on their way, then the server reading them, which nobody can see the share of. */
function Sending({ name, share }: { name: string; share: number }) {
  const { t } = useTranslation("imports");
  const words = t(share < 1 ? "choose.sending" : "choose.reading", { name });
  return (
    <div className={styles.sending}>
      <p role="status">{words}</p>
      <Progress value={share * 100} animated={share === 1} aria-label={words} size="lg" />
    </div>
  );
}
