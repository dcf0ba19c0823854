import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Vehicles. */
export function VehiclesPage() {
  const { t } = useTranslation("drivers");
  return <PageHeader title={t("title")} />;
}
