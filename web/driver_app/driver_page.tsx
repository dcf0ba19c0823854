import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** A driver's day. */
export function DriverPage() {
  const { t } = useTranslation("driverApp");
  return <PageHeader title={t("title")} />;
}
