import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { proofRoute } from "../router.tsx";
import { SignedOutShell } from "../shell/signed_out_shell.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { tellProof } from "./proof_channel.ts";

/** Where a provider's window ends: tells the page that asked for the proof, and closes itself where it may. */
export function ProofPage() {
  const { t } = useTranslation("access");
  const { refused } = proofRoute.useSearch();
  useEffect(() => {
    tellProof({ refused });
    close();
  }, [refused]);
  return (
    <SignedOutShell>
      <PageHeader
        title={t(refused === undefined ? "proof.page.title" : "proof.page.refusedTitle")}
        lead={t(refused === undefined ? "proof.page.lead" : "proof.page.refusedLead")}
      />
      <Button onClick={() => close()}>{t("proof.page.close")}</Button>
    </SignedOutShell>
  );
}
