import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** What a recipient sees. */
export function TrackingPage() {
  const { t } = useTranslation("tracking");
  return <PageHeader title={t("title")} />;
}
