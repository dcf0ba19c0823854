import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** The signed-in person's own account. */
export function AccountPage() {
  const { t } = useTranslation("access");
  return <PageHeader title={t("title")} />;
}
