import { Button } from "@mantine/core";
import { IconLock, IconMapOff } from "@tabler/icons-react";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { EmptyState } from "../ui/empty_state.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./fault_pages.module.css";

/** What stands in place of a page that could not be shown. */
export function FaultPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  if (error instanceof ApiProblem && error.slug === "not-allowed") {
    return (
      <div className={styles.page}>
        <PageHeader title={t("forbidden.title")} />
        <EmptyState
          icon={<IconLock size={26} />}
          title={t("forbidden.title")}
          detail={t("forbidden.detail")}
        />
      </div>
    );
  }
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={styles.page}>
      <PageHeader title={t("problem.unexpected.title")} />
      <ProblemNotice problem={error} onRetry={retry} />
    </div>
  );
}

/** What an address without a page shows. */
export function MissingPage() {
  const { t } = useTranslation();
  return (
    <div className={styles.page}>
      <PageHeader title={t("missing.title")} />
      <EmptyState
        icon={<IconMapOff size={26} />}
        title={t("missing.title")}
        detail={t("missing.detail")}
        action={<Button component={Link} to="/" variant="default">{t("missing.home")}</Button>}
      />
    </div>
  );
}
