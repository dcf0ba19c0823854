import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Sites. */
export function SitesPage() {
  const { t } = useTranslation("sites");
  return <PageHeader title={t("title")} />;
}
