import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The audit trail. */
export function AuditPage() {
  const { t } = useTranslation("audit");
  return <PageHeader title={t("title")} />;
}
