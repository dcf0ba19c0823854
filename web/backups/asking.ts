import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { BackupRequest } from "../../server/backups/schema.ts";
import { api } from "../api.ts";
import { tell, tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";

/** Asks the backup service for something, and tells that it was asked for or why not. */
export function useAsking() {
  const { t } = useTranslation("backups");
  const queries = useQueryClient();
  const problemWords = useProblemWords();
  return useMutation({
    mutationFn: (kind: BackupRequest["kind"]) => api.post("/backups/requests", { kind }),
    onSuccess: (_, kind) => tell(t(kind === "offsite-drill" ? "act.fetching" : "act.asked")),
    onError: (problem) => tellProblem(problemWords(problem)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["backups", "overview"] }),
  });
}
