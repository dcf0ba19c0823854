import { Button } from "@mantine/core";
import { IconLock, IconMapOff } from "@tabler/icons-react";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { type ReactNode, use } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./fault_pages.module.css";
import { InMain } from "./in_main.ts";
import { SignedOutShell } from "./signed_out_shell.tsx";

/** What stands in place of a page that could not be shown. */
export function FaultPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  if (error instanceof ApiProblem && error.slug === "not-allowed") {
    return (
      <Frame>
        <PageHeader title={t("forbidden.title")} />
        <EmptyState
          icon={<IconLock size={26} />}
          title={t("forbidden.lead")}
          detail={t("forbidden.detail")}
          action={<HomeButton />}
        />
      </Frame>
    );
  }
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Frame>
      <PageHeader title={t("problem.page")} />
      <ProblemNotice problem={error} onRetry={retry} />
    </Frame>
  );
}

/** What an address without a page shows. */
export function MissingPage() {
  const { t } = useTranslation();
  return (
    <Frame>
      <PageHeader title={t("missing.title")} />
      <EmptyState
        icon={<IconMapOff size={26} />}
        title={t("missing.lead")}
        detail={t("missing.detail")}
        action={<HomeButton />}
      />
    </Frame>
  );
}

/** Leads to where the reader's role works. */
function HomeButton() {
  const { t } = useTranslation();
  return <Button component={Link} to="/" variant="default">{t("missing.home")}</Button>;
}

/** Inside the shell there is a <main> already; before it stands, the page brings its own. */
function Frame({ children }: { children: ReactNode }) {
  const framed = use(InMain);
  return framed ? <div className={styles.page}>{children}</div> : <SignedOutShell>{children}</SignedOutShell>;
}
