import { useTranslation } from "react-i18next";
import { PageHeader } from "../ui/page_header.tsx";

/** Sign-in. */
export function SignInPage() {
  const { t } = useTranslation("access");
  return <PageHeader title={t("title")} />;
}
