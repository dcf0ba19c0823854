import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Imports of order files. */
export function ImportsPage() {
  const { t } = useTranslation("imports");
  return <PageHeader title={t("title")} />;
}
