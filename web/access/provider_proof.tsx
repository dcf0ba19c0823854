import { Button } from "@mantine/core";
import { IconBuilding } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSubmit } from "../ui/faults.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./fresh_proof.module.css";
import { hearProof, type ProofNews } from "./proof_channel.ts";
import { RefusedByProvider } from "./refused_by_provider.tsx";
import { type Provider, wayTo } from "./sso.ts";

/** What is known of the provider's window: while its pages are shown, not even whether it is still there. */
type Window = "none" | "blocked" | "open" | "left";

interface ProviderProofProps {
  provider: Provider;
  isLeading: boolean;
  onProven: () => void;
}

/** Proves by the provider that it is still the same person, in a window of its own, so that this page stays as it is. */
export function ProviderProof({ provider, isLeading, onProven }: ProviderProofProps) {
  const { t } = useTranslation("access");
  const [shown, setShown] = useState<Window>("none");
  const [refused, setRefused] = useState<string | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const hear = useEffectEvent((news: ProofNews) => {
    if (news.refused === undefined) return onProven();
    setShown("none");
    setRefused(news.refused);
  });
  useEffect(() => hearProof(hear), []);
  useEffect(() => {
    if (shown !== "open") return;
    const returned = () => setShown("left");
    addEventListener("focus", returned);
    return () => removeEventListener("focus", returned);
  }, [shown]);

  const begin = async () => {
    setRefused(null);
    // At once: browsers block a window that does not follow the click itself.
    const opened = open("about:blank", "", "popup,width=520,height=720");
    if (opened === null) return setShown("blocked");
    const address = await submit(async () => {
      opened.location.replace(await wayTo(provider, "proof"));
    });
    if (!address) opened.close();
    setShown(address ? "open" : "none");
  };
  return (
    <>
      {refused !== null && <RefusedByProvider reason={refused} name={provider.name} act="proof" />}
      {refusal.problem !== null && <ProblemNotice problem={refusal.problem} />}
      <p className={styles.window} role="status">
        {shown === "open" && t("proof.window.waiting")}
        {shown === "left" && t("proof.window.back")}
        {shown === "blocked" && t("proof.window.blocked")}
      </p>
      <Button
        variant={isLeading ? "filled" : "default"}
        size="md"
        fullWidth
        leftSection={<IconBuilding size={18} aria-hidden />}
        onClick={() => void begin()}
        loading={busy}
        autoFocus={isLeading}
        data-autofocus={isLeading || undefined}
      >
        {shown === "open" || shown === "left"
          ? t("proof.window.again")
          : t("proof.window.open", { name: provider.name })}
      </Button>
    </>
  );
}
