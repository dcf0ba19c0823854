import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The dispatch board. */
export function OrdersPage() {
  const { t } = useTranslation("orders");
  return <PageHeader title={t("title")} />;
}
