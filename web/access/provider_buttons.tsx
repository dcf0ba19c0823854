import { Button } from "@mantine/core";
import { IconBuilding } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Provider } from "./sso.ts";

interface ProviderButtonsProps {
  providers: Provider[];
  /** Whether this is what most should press. */
  isLeading?: boolean;
  autoFocus?: boolean;
  disabled?: boolean;
  /** Settles when the button may be pressed again. */
  onChoose: (provider: Provider) => Promise<unknown>;
}

/** One button for each of the company's providers. */
export function ProviderButtons(
  { providers, isLeading = false, autoFocus = false, disabled = false, onChoose }: ProviderButtonsProps,
) {
  const { t } = useTranslation("access");
  const [chosen, setChosen] = useState<string | null>(null);
  const choose = async (provider: Provider) => {
    setChosen(provider.slug);
    await onChoose(provider).finally(() => setChosen(null));
  };
  return providers.map((provider, index) => (
    <Button
      key={provider.slug}
      variant={isLeading ? "filled" : "default"}
      size="md"
      fullWidth
      leftSection={<IconBuilding size={18} aria-hidden />}
      onClick={() => void choose(provider)}
      loading={chosen === provider.slug}
      disabled={disabled || (chosen !== null && chosen !== provider.slug)}
      autoFocus={autoFocus && index === 0}
    >
      {t("companySignIn.with", { name: provider.name })}
    </Button>
  ));
}
