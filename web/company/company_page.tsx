import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Company } from "../../server/company/schema.ts";
import { api } from "../api.ts";
import { useCan } from "../session.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { PageHeader } from "../ui/page_header.tsx";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { CompanyFields } from "./company_fields.tsx";
import styles from "./company_page.module.css";

/** What holds for the whole company: its name, its time zone, its holidays. */
export function CompanyPage() {
  const { t } = useTranslation("company");
  const company = useQuery({ queryKey: ["company"], queryFn: () => api.get<Company>("/company") });
  return (
    <div className={styles.page}>
      <PageHeader title={t("title")} lead={t("lead")} />
      <Panel>
        {company.isPending
          ? <LoadingRows rows={3} height={70} />
          : company.isError
          ? <ProblemNotice problem={company.error} onRetry={() => void company.refetch()} />
          : <CompanyForm company={company.data} />}
      </Panel>
    </div>
  );
}

function CompanyForm({ company }: { company: Company }) {
  const { t } = useTranslation(["company", "common"]);
  const queries = useQueryClient();
  const mayWrite = useCan("company.write");
  const [draft, setDraft] = useState(company);
  const { busy, refusal, submit } = useSubmit();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!await submit(() => api.put<Company>("/company", draft))) return;
    await queries.invalidateQueries({ queryKey: ["company"] });
    await queries.invalidateQueries({ queryKey: ["session"] });
    tell(t("saved"));
  };
  return (
    <form className={form.form} onSubmit={save} noValidate>
      {refusal.problem !== null && (
        <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(Object.keys(draft))} />
      )}
      <CompanyFields company={draft} onChange={setDraft} refusal={refusal} disabled={!mayWrite} />
      {mayWrite
        ? (
          <div className={form.buttons}>
            <span />
            <Button type="submit" loading={busy}>{t("common:save")}</Button>
          </div>
        )
        : <p className={form.hint}>{t("readOnly")}</p>}
    </form>
  );
}
