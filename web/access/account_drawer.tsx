import { Button, Switch, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import { seesAllSites } from "../../server/access/rights.ts";
import type { Account, AccountEdit, Invitation, RenewedInvitation } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { moment } from "../ui/times.tsx";
import { InvitationLink } from "./invitation_link.tsx";
import { type PersonRole, type Reach, RoleFields } from "./role_fields.tsx";

interface AccountDrawerProps {
  account: Account;
  onClose: () => void;
}

/** One account: its name, role and sites; its invitation while it has not been accepted; and whether it may sign in. */
export function AccountDrawer({ account, onClose }: AccountDrawerProps) {
  const { t } = useTranslation(["access", "common"]);
  const queries = useQueryClient();
  const me = useMe();
  const own = me.accountId === account.id;
  const [name, setName] = useState(account.name ?? "");
  const [reach, setReach] = useState<Reach>({ role: account.role as PersonRole, siteIds: account.siteIds });
  const [breakGlass, setBreakGlass] = useState(account.breakGlass);
  const [invitation, setInvitation] = useState<z.infer<typeof Invitation> | null>(null);
  const [disabling, setDisabling] = useState(false);
  const { busy, refusal, submit } = useSubmit();
  const shownName = account.name ?? t("common:erased");

  const edit = async (change: AccountEdit) => {
    try {
      await api.patch<Account>(`/accounts/${account.id}`, change, { ifMatch: account.version });
    } finally {
      // After a refusal as well: it may mean that somebody else has changed the account meanwhile.
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    }
  };
  const save = async () => {
    const change: AccountEdit = {
      ...(name === account.name ? {} : { name }),
      ...(breakGlass === account.breakGlass ? {} : { breakGlass }),
      ...(own ? {} : { role: reach.role, siteIds: seesAllSites(reach.role) ? [] : reach.siteIds }),
    };
    if (!await submit(() => edit(change))) return;
    tell(t("people.saved"));
    onClose();
  };
  const disable = async () => {
    await edit({ disabled: true });
    tell(t("people.disabled"));
    onClose();
  };
  const enable = async () => {
    if (!await submit(() => edit({ disabled: false }))) return;
    tell(t("people.enabled"));
    onClose();
  };
  const signOut = async () => {
    if (await submit(() => api.delete(`/accounts/${account.id}/sessions`))) tell(t("people.signedOut"));
  };
  const renew = () =>
    submit(async () => {
      const made = await api.post<RenewedInvitation>(`/accounts/${account.id}/invitation`);
      setInvitation(made.invitation);
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    });

  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={shownName}
      onSubmit={save}
      busy={busy}
      asides={own
        ? undefined
        : account.state === "disabled"
        ? <Button variant="default" onClick={() => void enable()}>{t("people.enable")}</Button>
        : (
          <Button variant="subtle" color="red" onClick={() => setDisabling(true)}>
            {t("people.disable")}
          </Button>
        )}
    >
      {refusal.problem !== null && (
        <ProblemNotice
          problem={refusal.problem}
          hideFaults={refusal.coveredBy(["name", "role", "siteIds", "breakGlass"])}
        />
      )}
      <TextInput
        label={t("people.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={refusal.of("name")}
        autoComplete="off"
        maxLength={120}
      />
      <TextInput label={t("people.email")} value={account.email ?? t("common:erased")} readOnly />
      {own && <p className={form.hint}>{t("people.ownAccount")}</p>}
      <RoleFields reach={reach} onChange={setReach} refusal={refusal} disabled={own} />
      {me.role === "owner" && (reach.role === "owner" || reach.role === "admin") && (
        <Switch
          label={t("people.emergency")}
          description={
            <>
              {t("people.emergencyHint")} {account.breakGlass && breakGlass && (
                account.breakGlassTestedAt === null
                  ? t("people.emergencyUntested")
                  : t("people.emergencyTested", {
                    at: moment(account.breakGlassTestedAt, me.company.timeZone),
                  })
              )}
            </>
          }
          checked={breakGlass}
          onChange={(event) => setBreakGlass(event.currentTarget.checked)}
          error={refusal.of("breakGlass")}
        />
      )}
      {invitation !== null && <InvitationLink invitation={invitation} name={shownName} />}
      {invitation === null && (account.state === "invited" || account.state === "invitation-expired") && (
        <div>
          <Button variant="default" onClick={() => void renew()}>{t("people.renew")}</Button>
          <p className={form.hint}>{t("people.renewHint")}</p>
        </div>
      )}
      {invitation === null && account.state === "active" && !own && (
        <>
          <div>
            {account.recoveryAskedBy === me.accountId ? <p role="status">{t("people.letInAsked")}</p> : (
              <>
                <Button variant="default" onClick={() => void renew()}>
                  {t(account.recoveryAskedBy === null ? "people.letIn" : "people.letInToo")}
                </Button>
                <p className={form.hint}>
                  {t(account.recoveryAskedBy === null ? "people.letInHint" : "people.letInTooHint")}
                </p>
              </>
            )}
          </div>
          <div>
            <Button variant="default" onClick={() => void signOut()}>{t("people.signOut")}</Button>
            <p className={form.hint}>{t("people.signOutHint")}</p>
          </div>
        </>
      )}
      <ConfirmDialog
        opened={disabling}
        onClose={() => setDisabling(false)}
        title={t("people.disableTitle", { name: shownName })}
        act={t("people.disable")}
        onConfirm={disable}
        grave
      >
        {t("people.disableDetail")}
      </ConfirmDialog>
    </FormDrawer>
  );
}
