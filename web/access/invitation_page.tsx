import { IconLinkOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { InvitationView } from "../../server/access/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { SignedOutShell } from "../shell/signed_out_shell.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { InvitationFactors } from "./invitation_factors.tsx";
import { InvitationWays } from "./invitation_ways.tsx";
import { missingForPasskeys } from "./passkey.ts";
import { providersQuery } from "./sso.ts";
import { linkToken } from "./token.ts";

/** Where an invitation link leads: a way to sign in, and in. */
export function InvitationPage() {
  const [token] = useState(linkToken);
  const authorization = `Invitation ${token}`;
  const invitation = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => api.get<InvitationView>("/invitation", { authorization }),
    enabled: token !== null,
    staleTime: Infinity,
  });
  return (
    <SignedOutShell wide>
      {token === null || isGone(invitation.error)
        ? <Gone />
        : invitation.isPending
        ? <LoadingRows rows={4} />
        : invitation.isError
        ? <ProblemNotice problem={invitation.error} onRetry={() => void invitation.refetch()} />
        : <Acceptance invitation={invitation.data} authorization={authorization} />}
    </SignedOutShell>
  );
}

const isGone = (fault: unknown): boolean =>
  fault instanceof ApiProblem && [401, 403, 404, 410].includes(fault.status);

function Gone() {
  const { t } = useTranslation("access");
  return (
    <>
      <PageHeader title={t("invitation.accept")} />
      <EmptyState
        icon={<IconLinkOff size={26} />}
        title={t("invitation.gone.title")}
        detail={t("invitation.gone.detail")}
      />
    </>
  );
}

interface AcceptanceProps {
  invitation: InvitationView;
  authorization: string;
}

/** Asks which way, where there is more than one. */
function Acceptance({ invitation, authorization }: AcceptanceProps) {
  const [withPassword, setWithPassword] = useState(false);
  const providers = useQuery(providersQuery);
  if (providers.isPending) return <LoadingRows rows={4} />;
  const { items, only } = providers.data ?? { items: [], only: false };
  const hasChoice = items.length > 0 || missingForPasskeys() === null;
  if (withPassword || !hasChoice) {
    return (
      <InvitationFactors
        invitation={invitation}
        authorization={authorization}
        onBack={hasChoice ? () => setWithPassword(false) : undefined}
      />
    );
  }
  return (
    <InvitationWays
      invitation={invitation}
      authorization={authorization}
      providers={items}
      only={only && invitation.role !== "driver"}
      onPassword={() => setWithPassword(true)}
    />
  );
}
