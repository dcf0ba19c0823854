import { useTranslation } from "react-i18next";
import type { singleSignOn } from "../i18n/en/single_sign_on.ts";

type Known = keyof typeof singleSignOn["reasons"];

/** What a refusal's reason means, and what to do; a word that is none of them gets the sentence for any. */
export function useReasonWords(): (reason: string) => { what: string; next: string } {
  const { t, i18n } = useTranslation("singleSignOn");
  return (reason) => {
    const isKnown = /^[a-z-]+$/.test(reason) && i18n.exists(`singleSignOn:reasons.${reason}.what`);
    const known = (isKnown ? reason : "unknown") as Known;
    return { what: t(`reasons.${known}.what`), next: t(`reasons.${known}.next`) };
  };
}
