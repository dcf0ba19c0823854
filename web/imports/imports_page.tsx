import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import } from "../../server/deliveries/import/schema.ts";
import { PageHeader } from "../ui/page_header.tsx";
import { FileChoice } from "./file_choice.tsx";
import { History } from "./history.tsx";
import { Preview } from "./preview.tsx";
import { importQuery, previewQuery } from "./queries.ts";
import { Run } from "./run.tsx";

/** What of an import the page shows above the list of them all. */
type Shown = { stage: "choice" } | { stage: "preview" | "run"; id: string };

/** From a shop's file to orders: choose it, check what was read, run it, see what became of it. */
export function ImportsPage() {
  const { t } = useTranslation("imports");
  const queries = useQueryClient();
  const [shown, setShown] = useState<Shown>({ stage: "choice" });

  const show = (next: Shown) => {
    setShown(next);
    // Another stage starts at its heading for those who hear the screen, and at the top for those who see it.
    document.getElementById("page-title")?.focus();
  };
  const open = ({ id, state }: Pick<Import, "id" | "state">) =>
    show({ stage: state === "previewed" ? "preview" : "run", id });
  const choose = () => show({ stage: "choice" });

  return (
    <>
      <PageHeader title={t("title")} lead={t("lead")} />
      {shown.stage === "choice" && (
        <FileChoice
          onRead={(preview) => {
            queries.setQueryData(previewQuery(preview.id).queryKey, preview);
            show({ stage: "preview", id: preview.id });
          }}
        />
      )}
      {shown.stage === "preview" && (
        <Preview
          key={shown.id}
          id={shown.id}
          onStarted={(started) => {
            queries.setQueryData(importQuery(started.id).queryKey, started);
            open(started);
          }}
          onForgotten={choose}
        />
      )}
      {shown.stage === "run" && <Run key={shown.id} id={shown.id} onAnother={choose} />}
      <History current={shown.stage === "choice" ? null : shown.id} onOpen={open} />
    </>
  );
}
