import { Loader, TextInput } from "@mantine/core";
import { IconSearch, IconSearchOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api.ts";
import { Brand } from "../shell/brand.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./api_docs_page.module.css";
import { type OpenApi, type Operation, operationsOf, search } from "./openapi.ts";
import { OperationEntry } from "./operation_entry.tsx";

/** The API, browsable: made from its own OpenAPI document, and open to anybody who can reach the server. */
export function ApiDocsPage() {
  const { t } = useTranslation(["apiDocs", "common"]);
  const document = useQuery({
    queryKey: ["openapi"],
    queryFn: () => api.get<OpenApi>("/openapi.json"),
    staleTime: Infinity,
  });
  return (
    <div className={styles.frame}>
      <header className={styles.bar}>
        <Brand />
        <Link to="/" className={styles.toApp}>{t("toApp")}</Link>
      </header>
      {document.isPending
        ? (
          <main className={styles.waiting}>
            <Loader aria-label={t("common:loading")} />
          </main>
        )
        : document.isError
        ? (
          <main className={styles.main}>
            <PageHeader title={t("title")} />
            <ProblemNotice problem={document.error} onRetry={() => void document.refetch()} />
          </main>
        )
        : <Reference document={document.data} />}
    </div>
  );
}

function Reference({ document }: { document: OpenApi }) {
  const { t } = useTranslation("apiDocs");
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text);
  const all = useMemo(() => operationsOf(document), [document]);
  const groups = useMemo(
    () => [...Map.groupBy(search(all, wanted), ({ tags }) => tags[0] ?? "")],
    [all, wanted],
  );
  const [opened, toggle] = useOpened(all);
  const count = groups.reduce((sum, [, of]) => sum + of.length, 0);
  return (
    <div className={styles.columns}>
      <nav className={styles.index} aria-label={t("operations")}>
        <TextInput
          type="search"
          label={t("search")}
          placeholder={t("searchHint")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <p className={styles.count} role="status">{t("found", { count })}</p>
        <ul className={styles.groups}>
          {groups.map(([tag, of]) => (
            <li key={tag}>
              <a className={styles.tag} href={`#${tag}`}>{tag}</a>
              <ul>
                {of.map(({ id, method, path }) => (
                  <li key={id}>
                    <a className={styles.entry} href={`#${id}`}>
                      <span className={styles.verb}>{method}</span>
                      {path.replace(/^\/api/, "")}
                    </a>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </nav>
      <main className={styles.main}>
        <PageHeader
          title={t("title")}
          lead={
            <>
              {t("lead")} {t("version", { version: document.info.version })} ·{" "}
              <a href="/api/openapi.json">{t("document")}</a>
            </>
          }
        />
        {count === 0 && (
          <EmptyState icon={<IconSearchOff size={26} />} title={t("none")} detail={t("noneDetail")} />
        )}
        {groups.map(([tag, of]) => (
          <section key={tag} className={styles.group} aria-labelledby={tag}>
            <h2 id={tag} className={styles.heading}>{tag}</h2>
            {of.map((operation) => (
              <OperationEntry
                key={operation.id}
                operation={operation}
                document={document}
                opened={opened.has(operation.id)}
                onToggle={(open) => toggle(operation.id, open)}
              />
            ))}
          </section>
        ))}
      </main>
    </div>
  );
}

/** Which operations are open: those that were opened by hand, and the one the address names. */
function useOpened(all: readonly Operation[]) {
  const named = useRouterState({ select: ({ location }) => location.hash });
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string, open: boolean) =>
    setOpened((before) => {
      if (before.has(id) === open) return before;
      const after = new Set(before);
      if (open) after.add(id);
      else after.delete(id);
      return after;
    });
  useEffect(() => {
    if (!all.some(({ id }) => id === named)) return;
    toggle(named, true);
    // Once it is there to be scrolled to.
    requestAnimationFrame(() => document.getElementById(named)?.scrollIntoView());
  }, [named, all]);
  return [opened, toggle] as const;
}
