import { NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import { seesAllSites } from "../../server/access/rights.ts";
import type { InvitedAccount } from "../../server/access/schema.ts";
import type { Driver } from "../../server/drivers/schema.ts";
import { api } from "../api.ts";
import { driversQuery } from "../drivers/queries.ts";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { InvitationLink } from "./invitation_link.tsx";
import { type Reach, RoleFields } from "./role_fields.tsx";

interface InvitationDrawerProps {
  onClose: () => void;
  /** The driver the account is for, when the invitation starts from one. */
  driver?: Driver;
}

/** Makes an account and shows the link its owner opens it with. */
export function InvitationDrawer({ onClose, driver }: InvitationDrawerProps) {
  const { t } = useTranslation("access");
  const queries = useQueryClient();
  const [name, setName] = useState(driver?.name ?? "");
  const [email, setEmail] = useState(driver?.email ?? "");
  const [driverId, setDriverId] = useState(driver?.id ?? null);
  const [reach, setReach] = useState<Reach>({
    role: driver === undefined ? "dispatcher" : "driver",
    siteIds: driver === undefined ? [] : [driver.siteId],
  });
  const [made, setMade] = useState<z.infer<typeof InvitedAccount> | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const invite = () =>
    submit(async () => {
      setMade(
        await api.post("/accounts", {
          name,
          email,
          role: reach.role,
          siteIds: seesAllSites(reach.role) ? [] : reach.siteIds,
          driverId: reach.role === "driver" ? driverId : null,
        }),
      );
      await queries.invalidateQueries({ queryKey: ["accounts"] });
      await queries.invalidateQueries({ queryKey: ["drivers"] });
    });

  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("people.invite")}
      onSubmit={made === null ? invite : undefined}
      busy={busy}
      act={t("people.inviteAct")}
    >
      {made !== null ? <InvitationLink invitation={made.invitation} name={made.account.name ?? email} /> : (
        <>
          {refusal.problem !== null && (
            <ProblemNotice
              problem={refusal.problem}
              hideFaults={refusal.coveredBy(["name", "email", "role", "siteIds", "driverId"])}
            />
          )}
          <TextInput
            label={t("people.name")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={refusal.of("name")}
            autoComplete="off"
            maxLength={120}
            data-autofocus
          />
          <TextInput
            label={t("people.email")}
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={refusal.of("email")}
            autoComplete="off"
            maxLength={254}
          />
          <RoleFields reach={reach} onChange={setReach} refusal={refusal} disabled={driver !== undefined} />
          {reach.role === "driver" && driver === undefined && (
            <DriverField value={driverId} onChange={setDriverId} error={refusal.of("driverId")} />
          )}
        </>
      )}
    </FormDrawer>
  );
}

interface DriverFieldProps {
  value: string | null;
  onChange: (driverId: string | null) => void;
  error?: string;
}

/** Which driver an account of the role driver belongs to; those who have an account are not offered. */
function DriverField({ value, onChange, error }: DriverFieldProps) {
  const { t } = useTranslation(["access", "common"]);
  const drivers = useQuery(driversQuery);
  const free = drivers.data?.filter(({ accountId, active }) => accountId === null && active) ?? [];
  return (
    <NativeSelect
      label={t("people.driver")}
      description={t("people.driverHint")}
      data={[
        { value: "", label: t("people.chooseDriver") },
        ...free.map(({ id, name }) => ({ value: id, label: name ?? t("common:erased") })),
      ]}
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value)}
      error={error}
    />
  );
}
