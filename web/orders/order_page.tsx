import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** One order. */
export function OrderPage() {
  const { t } = useTranslation("orders");
  return <PageHeader title={t("title")} />;
}
