import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Acceptance of an invitation. */
export function InvitationPage() {
  const { t } = useTranslation("access");
  return <PageHeader title={t("title")} />;
}
