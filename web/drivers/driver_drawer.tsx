import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Driver, DriverEdit, DriverFields } from "../../server/drivers/schema.ts";
import { api } from "../api.ts";
import { useCan } from "../session.ts";
import { sitesQuery } from "../sites/queries.ts";
import { SiteChoice } from "../sites/site_choice.tsx";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { vehiclesQuery } from "./queries.ts";

interface DriverDrawerProps {
  /** Null for a new one. */
  driver: Driver | null;
  onClose: () => void;
  /** Opens the invitation for a driver who has no account. */
  onInvite: (driver: Driver) => void;
}

/** Makes or changes a driver, makes them inactive, and leads to the invitation that lets them sign in. */
export function DriverDrawer({ driver, onClose, onInvite }: DriverDrawerProps) {
  const { t } = useTranslation(["drivers", "common"]);
  const queries = useQueryClient();
  const mayInvite = useCan("accounts.write");
  const sites = useQuery(sitesQuery);
  const vehicles = useQuery(vehiclesQuery);
  const [typed, setTyped] = useState<DriverFields>(() => fieldsOf(driver));
  const [retiring, setRetiring] = useState(false);
  const { busy, refusal, submit } = useSubmit();
  // The only site, or the first: most companies have one, and the field shows what will be sent.
  const fields = { ...typed, siteId: typed.siteId || (sites.data?.find(({ active }) => active)?.id ?? "") };
  const atSite =
    vehicles.data?.filter(({ id, siteId, active }) =>
      id === fields.vehicleId || (active && siteId === fields.siteId)
    ) ?? [];
  const name = driver?.name ?? t("common:erased");
  const text = (value: string) => value.trim() === "" ? null : value;

  const change = async (edit: DriverEdit, told: string) => {
    try {
      if (driver === null) await api.post<Driver>("/drivers", edit);
      else await api.patch<Driver>(`/drivers/${driver.id}`, edit, { ifMatch: driver.version });
    } finally {
      // After a refusal as well: it may mean that somebody else has changed the driver meanwhile.
      await queries.invalidateQueries({ queryKey: ["drivers"] });
    }
    tell(told);
    onClose();
  };

  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={driver === null ? t("add") : t("edit")}
      onSubmit={() => void submit(() => change(fields, t("saved")))}
      busy={busy}
      act={driver === null ? t("add") : undefined}
      asides={driver === null
        ? undefined
        : driver.active
        ? <Button variant="subtle" color="red" onClick={() => setRetiring(true)}>{t("retire")}</Button>
        : (
          <Button
            variant="default"
            onClick={() => void submit(() => change({ active: true }, t("revived", { name })))}
          >
            {t("revive")}
          </Button>
        )}
    >
      {refusal.problem !== null && (
        <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(Object.keys(fields))} />
      )}
      <TextInput
        label={t("name")}
        value={fields.name}
        onChange={(event) => setTyped({ ...fields, name: event.currentTarget.value })}
        error={refusal.of("name")}
        autoComplete="off"
        maxLength={120}
        data-autofocus
      />
      <TextInput
        label={t("phone")}
        type="tel"
        value={fields.phone ?? ""}
        onChange={(event) => setTyped({ ...fields, phone: text(event.currentTarget.value) })}
        error={refusal.of("phone")}
        autoComplete="off"
        maxLength={40}
      />
      <TextInput
        label={t("email")}
        type="email"
        value={fields.email ?? ""}
        onChange={(event) => setTyped({ ...fields, email: text(event.currentTarget.value) })}
        error={refusal.of("email")}
        autoComplete="off"
        maxLength={254}
      />
      <SiteChoice
        label={t("site")}
        value={fields.siteId}
        onChange={(siteId) => setTyped({ ...fields, siteId, vehicleId: null })}
        error={refusal.of("siteId")}
      />
      <NativeSelect
        label={t("vehicle")}
        data={[
          { value: "", label: t("noVehicle") },
          ...atSite.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={fields.vehicleId ?? ""}
        onChange={(event) => setTyped({ ...fields, vehicleId: text(event.currentTarget.value) })}
        error={refusal.of("vehicleId")}
      />
      {driver !== null && driver.accountId === null && driver.active && mayInvite && (
        <div>
          <Button
            variant="default"
            leftSection={<IconSend size={16} aria-hidden />}
            onClick={() => onInvite(driver)}
          >
            {t("invite")}
          </Button>
          <p className={form.hint}>{t("inviteHint")}</p>
        </div>
      )}
      <ConfirmDialog
        opened={retiring}
        onClose={() => setRetiring(false)}
        title={t("retireTitle", { name })}
        act={t("retire")}
        onConfirm={() => change({ active: false }, t("retired", { name }))}
        grave
      >
        {t("retireDetail")}
      </ConfirmDialog>
    </FormDrawer>
  );
}

const fieldsOf = (driver: Driver | null): DriverFields => ({
  name: driver?.name ?? "",
  phone: driver?.phone ?? null,
  email: driver?.email ?? null,
  siteId: driver?.siteId ?? "",
  vehicleId: driver?.vehicleId ?? null,
});
