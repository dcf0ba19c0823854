import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The first start. */
export function SetupPage() {
  const { t } = useTranslation("access");
  return <PageHeader title={t("title")} />;
}
