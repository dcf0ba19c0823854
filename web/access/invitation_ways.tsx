import { Button } from "@mantine/core";
import { IconKey, IconLock } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { InvitationView } from "../../server/access/schema.ts";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { PageHeader } from "../ui/page_header.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./invitation_ways.module.css";
import { useLanding } from "./landing.ts";
import { Others } from "./others.tsx";
import { acceptByPasskey, missingForPasskeys } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";
import { ProviderButtons } from "./provider_buttons.tsx";
import { leaveFor, type Provider, wayTo } from "./sso.ts";
import { linkToken } from "./token.ts";
import { leaveNote } from "./trip_note.ts";

interface InvitationWaysProps {
  invitation: InvitationView;
  authorization: string;
  providers: Provider[];
  /** Whether the invited person is to sign in by these alone. */
  only: boolean;
  onPassword: () => void;
}

/** How the invited person wants to sign in from now on; a provider or a passkey accepts the invitation at once. */
export function InvitationWays(
  { invitation, authorization, providers, only, onPassword }: InvitationWaysProps,
) {
  const { t } = useTranslation(["access", "common"]);
  const { busy, refusal, submit } = useSubmit();
  const [making, setMaking] = useState(false);
  const land = useLanding();
  const goTo = (provider: Provider) =>
    submit(async () => {
      const address = await wayTo(provider, "invitation", undefined, { authorization });
      leaveNote({ invitation: linkToken() ?? undefined });
      await leaveFor(address);
    });
  const byPasskey = async () => {
    setMaking(true);
    if (await submit(() => acceptByPasskey(t("passkeys.usual"), authorization))) await land();
    else setMaking(false);
  };
  const ours = (
    <>
      {missingForPasskeys() === null && (
        <WayIn hint={t("invitation.byPasskeyHint")}>
          <Button
            variant="default"
            size="md"
            fullWidth
            leftSection={<IconKey size={18} aria-hidden />}
            onClick={() => void byPasskey()}
            loading={making}
            disabled={busy && !making}
          >
            {t("invitation.byPasskey")}
          </Button>
        </WayIn>
      )}
      <WayIn hint={t("invitation.byPasswordHint")}>
        <Button
          variant="default"
          size="md"
          fullWidth
          leftSection={<IconLock size={18} aria-hidden />}
          onClick={onPassword}
          disabled={busy}
        >
          {t("invitation.byPassword")}
        </Button>
      </WayIn>
    </>
  );
  return (
    <>
      <PageHeader
        title={t("invitation.title", { company: invitation.companyName })}
        lead={t("invitation.choiceLead", { role: t(`common:roles.${invitation.role}`) })}
      />
      <div className={form.form}>
        <PasskeyProblem problem={refusal.problem} />
        <dl className={`${form.facts} ${styles.facts}`}>
          <dt>{t("invitation.for")}</dt>
          <dd>{invitation.email ?? t("common:erased")}</dd>
          <dt>{t("invitation.until")}</dt>
          <dd>
            <DateText at={invitation.expiresAt} />
          </dd>
        </dl>
        {providers.length > 0 && (
          <WayIn hint={t("invitation.byProviderHint")}>
            <ProviderButtons providers={providers} isLeading disabled={making} onChoose={goTo} />
          </WayIn>
        )}
        {only ? <Others>{ours}</Others> : ours}
      </div>
    </>
  );
}

function WayIn({ hint, children }: { hint: string; children: ReactNode }) {
  return (
    <div className={styles.way}>
      {children}
      <p className={styles.hint}>{hint}</p>
    </div>
  );
}
