import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { GoThere, Provider } from "../../server/access/sso/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";

interface TryButtonProps {
  provider: Provider;
  again?: boolean;
  variant?: "filled" | "default";
  /** Called where the provider cannot be asked, which a check tells more of. */
  onUnavailable?: () => void;
}

/** Goes to the provider to sign in on trial; the browser comes back to a report. */
export function TryButton({ provider, again = false, variant = "default", onUnavailable }: TryButtonProps) {
  const { t } = useTranslation("singleSignOn");
  const words = useProblemWords();
  const [isLeaving, setLeaving] = useState(false);
  const begin = useMutation({
    mutationFn: () => api.post<z.infer<typeof GoThere>>(`/sso/providers/${provider.id}/trial`),
    onSuccess: ({ location }) => {
      setLeaving(true);
      globalThis.location.assign(location);
    },
    onError: (problem) => {
      const isAway = problem instanceof ApiProblem && problem.slug === "provider-unavailable";
      if (isAway && onUnavailable) onUnavailable();
      else tellProblem(words(problem));
    },
  });
  return (
    <Button variant={variant} loading={begin.isPending || isLeaving} onClick={() => begin.mutate()}>
      {t(again ? "provider.tryAgain" : "provider.try")}
    </Button>
  );
}
