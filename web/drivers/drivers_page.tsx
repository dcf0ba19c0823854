import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Drivers. */
export function DriversPage() {
  const { t } = useTranslation("drivers");
  return <PageHeader title={t("title")} />;
}
