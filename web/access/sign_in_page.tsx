import { Button } from "@mantine/core";
import { IconInfoCircle, IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Me, SetupState, SignIn } from "../../server/access/schema.ts";
import { api, ApiProblem } from "../api.ts";
import { signInRoute } from "../router.tsx";
import { SignedOutShell } from "../shell/signed_out_shell.tsx";
import { useSubmit } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { PageHeader } from "../ui/page_header.tsx";
import { useLanding } from "./landing.ts";
import { missingForPasskeys, signInByPasskey } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";
import { CodeStep, PasswordFields } from "./password_fields.tsx";
import { ProviderButtons } from "./provider_buttons.tsx";
import { RefusedByProvider } from "./refused_by_provider.tsx";
import styles from "./sign_in_page.module.css";
import { leaveFor, type Provider, providersQuery, wayTo } from "./sso.ts";
import { Throttled, useWait } from "./throttled.tsx";
import { dropNote, leaveNote, readNote } from "./trip_note.ts";
import { type Way, Ways } from "./ways.tsx";

/** What the server answers to whoever has to come another way, and which it is. */
const otherWays: Record<string, Way> = { "sso-only": "provider", "passkey-needed": "passkey" };

/**
 * Sign-in by one of the company's providers, a passkey, or e-mail and password and then the second factor; the last are
 * judged together, so that neither can be probed.
 */
export function SignInPage() {
  const { t } = useTranslation("access");
  const { back: asked, reason, refused, by } = signInRoute.useSearch();
  const [note] = useState(readNote);
  useEffect(dropNote, []);
  const back = asked ?? note.back;
  const [typed, setTyped] = useState<SignIn>({ email: "", password: "", code: "" });
  const [step, setStep] = useState<"ways" | "code">("ways");
  const [urged, setUrged] = useState<Way | null>(null);
  const [taken, setTaken] = useState<Way>("password");
  const { busy, refusal, submit } = useSubmit();
  const wait = useWait(refusal.problem);
  const land = useLanding();
  const setup = useQuery({
    queryKey: ["setup"],
    queryFn: () => api.get<z.infer<typeof SetupState>>("/setup"),
  });
  const providers = useQuery(providersQuery);
  const { items, only } = providers.data ?? { items: [], only: false };

  /** Signs in, or shows the way that is asked for instead. */
  const attempt = async (way: Way, signIn: () => Promise<Me>) => {
    setTaken(way);
    const welcome = await submit(async () => {
      try {
        await signIn();
      } catch (fault) {
        const other = fault instanceof ApiProblem ? otherWays[fault.slug] : undefined;
        if (other !== undefined) {
          setUrged(other);
          setStep("ways");
        }
        throw fault;
      }
    });
    if (welcome) await land(back);
    // A code is good once, right or wrong.
    else setTyped((typed) => ({ ...typed, code: "" }));
  };
  const goTo = (provider: Provider) => {
    setTaken("provider");
    return submit(async () => {
      const address = await wayTo(provider, "start", { returnTo: fit(back) });
      leaveNote({ back });
      await leaveFor(address);
    });
  };

  if (setup.data?.needed === true) {
    return (
      <SignedOutShell>
        <PageHeader title={t("signIn.setupNeeded.title")} lead={t("signIn.setupNeeded.detail")} />
      </SignedOutShell>
    );
  }
  const problem = wait > 0 ? <Throttled seconds={wait} /> : <PasskeyProblem problem={refusal.problem} />;
  if (step === "code") {
    return (
      <SignedOutShell>
        <PageHeader title={t("signIn.second")} lead={t("signIn.secondLead", { email: typed.email })} />
        <div className={form.form}>
          {problem}
          <CodeStep
            typed={typed}
            onType={setTyped}
            disabled={wait > 0}
            busy={busy}
            onSignIn={() => void attempt("password", () => api.post<Me>("/session", typed))}
            onBack={() => setStep("ways")}
          />
        </div>
      </SignedOutShell>
    );
  }
  const leading = urged ?? (only ? "provider" : null);
  const missing = missingForPasskeys();
  const signedOut = reason === "signed-out" || (note.signedOut === true && refused === undefined);
  return (
    <SignedOutShell>
      <PageHeader title={t("signIn.title")} />
      {(reason !== undefined || signedOut) && (
        <p className={styles.reason} role="status">
          <IconInfoCircle size={18} aria-hidden />
          {t(signedOut ? "signIn.signedOut" : "signIn.ended")}
        </p>
      )}
      <div className={form.form}>
        {refused !== undefined && refusal.problem === null && (
          <RefusedByProvider
            reason={refused}
            name={items.find(({ slug }) => slug === by)?.name}
            act="signIn"
          />
        )}
        {refused !== undefined && note.invitation !== undefined && (
          <a href={`/invitation#${note.invitation}`}>{t("companySignIn.backToInvitation")}</a>
        )}
        {problem}
        {providers.isPending ? <LoadingRows rows={4} height={56} /> : (
          <Ways
            leading={leading}
            ways={{
              provider: items.length > 0 && (
                <ProviderButtons
                  providers={items}
                  isLeading={leading === "provider"}
                  autoFocus={leading === "provider"}
                  disabled={wait > 0 || (busy && taken !== "provider")}
                  onChoose={goTo}
                />
              ),
              passkey: missing === null
                ? (
                  <Button
                    variant={leading === "passkey" ? "filled" : "default"}
                    size="md"
                    fullWidth
                    leftSection={<IconKey size={18} aria-hidden />}
                    onClick={() => void attempt("passkey", signInByPasskey)}
                    loading={busy && taken === "passkey"}
                    disabled={wait > 0 || busy}
                    autoFocus={leading === "passkey"}
                  >
                    {t("passkeys.signIn")}
                  </Button>
                )
                : leading === "passkey" && <p className={form.hint}>{t(`passkeys.missing.${missing}`)}</p>,
              password: (
                <PasswordFields
                  typed={typed}
                  onType={setTyped}
                  disabled={wait > 0}
                  onProceed={() => setStep("code")}
                  autoFocus={leading === null}
                />
              ),
            }}
          />
        )}
      </div>
    </SignedOutShell>
  );
}

/** The address as the server takes it; whoever comes with a longer one starts where their day does. */
const fit = (back = "/"): string => back.length <= 500 && /^\/[^\s\\]*$/.test(back) ? back : "/";
