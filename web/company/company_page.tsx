import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The company. */
export function CompanyPage() {
  const { t } = useTranslation("company");
  return <PageHeader title={t("title")} />;
}
