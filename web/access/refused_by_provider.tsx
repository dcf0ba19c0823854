import { useTranslation } from "react-i18next";
import { ApiProblem } from "../api.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { wordsFor } from "./refusal_reason.ts";

interface RefusedByProviderProps {
  reason: string;
  /** The provider's name, where it is known. */
  name?: string;
  /** What did not happen. */
  act: "signIn" | "proof" | "connect";
}

/** Says why a trip to a provider came to nothing, and what whoever made it can do. */
export function RefusedByProvider({ reason, name, act }: RefusedByProviderProps) {
  const { t } = useTranslation("access");
  const slots = { name: name ?? t("companySignIn.unnamed"), reason };
  const words = wordsFor(reason);
  return (
    <ProblemNotice
      problem={new ApiProblem({
        title: t(`companySignIn.refused.${act}`),
        detail: capital(t(`companySignIn.refusals.${words}.what`, slots)),
        next: t(`companySignIn.refusals.${words}.next`, slots),
      })}
    />
  );
}

const capital = (text: string) => text.slice(0, 1).toLocaleUpperCase() + text.slice(1);
