import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The HTTP API, browsable. */
export function ApiDocsPage() {
  const { t } = useTranslation("apiDocs");
  return <PageHeader title={t("title")} />;
}
