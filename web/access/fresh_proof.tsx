import { Button, Modal } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, whenProofNeeded } from "../api.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { CodeField } from "./code_field.tsx";
import styles from "./fresh_proof.module.css";
import { missingForPasskeys, passkeysQuery, proveByPasskey } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";
import { Throttled, useWait } from "./throttled.tsx";

/** Asks for a code when the server wants to know that it is still the same person; mounted once, for every page. */
export function FreshProof() {
  const [settle, setSettle] = useState<((given: boolean) => void) | null>(null);
  useEffect(() => {
    whenProofNeeded(() => new Promise((resolve) => setSettle(() => resolve)));
    return () => whenProofNeeded(() => Promise.resolve(false));
  }, []);
  if (settle === null) return null;
  const end = (given: boolean) => {
    setSettle(null);
    settle(given);
  };
  return <ProofDialog onProven={() => end(true)} onClose={() => end(false)} />;
}

/** Mounted while it asks only, so that no code outlives it. */
function ProofDialog({ onProven, onClose }: { onProven: () => void; onClose: () => void }) {
  const { t } = useTranslation(["access", "common"]);
  const [code, setCode] = useState("");
  const { busy, refusal, submit } = useSubmit();
  const wait = useWait(refusal.problem);
  const passkeys = useQuery(passkeysQuery);
  const hasPasskey = missingForPasskeys() === null &&
    passkeys.data?.some(({ host }) => host === location.hostname) === true;
  const proveByKey = async () => {
    if (await submit(proveByPasskey)) onProven();
  };
  const prove = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (await submit(() => api.post("/session/proof", { code }))) onProven();
    else setCode("");
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("proof.title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form className={form.form} onSubmit={prove} noValidate>
        <p className={styles.lead}>{t("proof.lead")}</p>
        {wait > 0
          ? <Throttled seconds={wait} />
          : refusal.problem !== null && !refusal.coveredBy(["code"]) && (
            <PasskeyProblem problem={refusal.problem} />
          )}
        {hasPasskey && (
          <>
            <Button
              size="md"
              fullWidth
              leftSection={<IconKey size={18} aria-hidden />}
              onClick={proveByKey}
              loading={busy}
              data-autofocus
            >
              {t("passkeys.prove")}
            </Button>
            <p className={styles.or}>{t("passkeys.or")}</p>
          </>
        )}
        <CodeField
          label={t("code.either")}
          value={code}
          onChange={setCode}
          error={refusal.of("code")}
          autoFocus={!hasPasskey}
        />
        <div className={styles.buttons}>
          <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" loading={busy} disabled={wait > 0}>{t("proof.act")}</Button>
        </div>
      </form>
    </Modal>
  );
}
