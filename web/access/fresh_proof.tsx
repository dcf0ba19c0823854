import { Button, Modal } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { OwnSso } from "../../server/access/sso/schema.ts";
import { api, whenProofNeeded } from "../api.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { CodeField } from "./code_field.tsx";
import styles from "./fresh_proof.module.css";
import { missingForPasskeys, passkeysQuery, proveByPasskey } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";
import { ProviderProof } from "./provider_proof.tsx";
import { ownSsoQuery } from "./sso.ts";
import { Throttled, useWait } from "./throttled.tsx";

/** Asks for a proof when the server wants to know that it is still the same person; mounted once, for every page. */
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

interface ProofDialogProps {
  onProven: () => void;
  onClose: () => void;
}

/** Mounted while it asks only, so that no code outlives it. */
function ProofDialog({ onProven, onClose }: ProofDialogProps) {
  const { t } = useTranslation(["access", "common"]);
  const passkeys = useQuery(passkeysQuery);
  const own = useQuery(ownSsoQuery);
  const hasPasskey = missingForPasskeys() === null &&
    passkeys.data?.some(({ host }) => host === location.hostname) === true;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("proof.title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {own.isPending || passkeys.isPending ? <LoadingRows rows={2} height={64} /> : (
        <Proofs
          hasPasskey={hasPasskey}
          // The code is asked for where nobody can say what else there is.
          provider={own.data?.session ?? null}
          hasCode={own.data?.hasPassword ?? true}
          onProven={onProven}
          onClose={onClose}
        />
      )}
    </Modal>
  );
}

interface ProofsProps extends ProofDialogProps {
  hasPasskey: boolean;
  provider: OwnSso["session"];
  hasCode: boolean;
}

/** Each proof the reader can give, the least work first. */
function Proofs({ hasPasskey, provider, hasCode, onProven, onClose }: ProofsProps) {
  const { t } = useTranslation(["access", "common"]);
  const [code, setCode] = useState("");
  const { busy, refusal, submit } = useSubmit();
  const wait = useWait(refusal.problem);
  const proveByKey = async () => {
    if (await submit(proveByPasskey)) onProven();
  };
  const prove = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (!hasCode) return;
    if (await submit(() => api.post("/session/proof", { code }))) onProven();
    else setCode("");
  };
  return (
    <form className={form.form} onSubmit={prove} noValidate>
      <p className={styles.lead}>{t("proof.lead")}</p>
      {wait > 0
        ? <Throttled seconds={wait} />
        : refusal.problem !== null && !refusal.coveredBy(["code"]) && (
          <PasskeyProblem problem={refusal.problem} />
        )}
      {hasPasskey && (
        <Button
          size="md"
          fullWidth
          leftSection={<IconKey size={18} aria-hidden />}
          onClick={proveByKey}
          loading={busy}
          autoFocus
          data-autofocus
        >
          {t("passkeys.prove")}
        </Button>
      )}
      {provider !== null && <ProviderProof provider={provider} isLeading={!hasPasskey} onProven={onProven} />}
      {hasCode && (hasPasskey || provider !== null) && <p className={styles.or}>{t("passkeys.or")}</p>}
      {hasCode
        ? (
          <CodeField
            label={t("code.either")}
            value={code}
            onChange={setCode}
            error={refusal.of("code")}
            autoFocus={!hasPasskey && provider === null}
          />
        )
        : !hasPasskey && provider === null && <p>{t("proof.nothing")}</p>}
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
        {hasCode && (
          <Button
            type="submit"
            variant={hasPasskey || provider !== null ? "default" : "filled"}
            loading={busy}
            disabled={wait > 0}
          >
            {t("proof.act")}
          </Button>
        )}
      </div>
    </form>
  );
}
