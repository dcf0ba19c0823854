import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Accounts. */
export function PeoplePage() {
  const { t } = useTranslation("access");
  return <PageHeader title={t("title")} />;
}
