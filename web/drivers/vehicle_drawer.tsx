import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Vehicle, VehicleEdit, VehicleFields } from "../../server/drivers/schema.ts";
import { api } from "../api.ts";
import { sitesQuery } from "../sites/queries.ts";
import { SiteChoice } from "../sites/site_choice.tsx";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";

type Kind = VehicleFields["kind"];
/** In the order people expect them, the commonest first. */
const kinds: Kind[] = ["van", "car", "truck", "bike", "scooter", "foot"];

interface VehicleDrawerProps {
  /** Null for a new one. */
  vehicle: Vehicle | null;
  onClose: () => void;
}

/** Makes or changes a vehicle, and takes it out of use. */
export function VehicleDrawer({ vehicle, onClose }: VehicleDrawerProps) {
  const { t } = useTranslation("drivers");
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery);
  const [typed, setTyped] = useState<VehicleFields>(() => fieldsOf(vehicle));
  const [retiring, setRetiring] = useState(false);
  const { busy, refusal, submit } = useSubmit();
  // The only site, or the first: most companies have one, and the field shows what will be sent.
  const fields = { ...typed, siteId: typed.siteId || (sites.data?.find(({ active }) => active)?.id ?? "") };
  const name = vehicle?.name ?? "";

  const change = async (edit: VehicleEdit, told: string) => {
    try {
      if (vehicle === null) await api.post<Vehicle>("/vehicles", edit);
      else await api.patch<Vehicle>(`/vehicles/${vehicle.id}`, edit, { ifMatch: vehicle.version });
    } finally {
      // After a refusal as well: it may mean that somebody else has changed the vehicle meanwhile.
      await queries.invalidateQueries({ queryKey: ["vehicles"] });
    }
    tell(told);
    onClose();
  };

  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={vehicle === null ? t("vehicles.add") : t("vehicles.edit")}
      onSubmit={() => void submit(() => change(fields, t("vehicles.saved")))}
      busy={busy}
      act={vehicle === null ? t("vehicles.add") : undefined}
      asides={vehicle === null
        ? undefined
        : vehicle.active
        ? (
          <Button variant="subtle" color="red" onClick={() => setRetiring(true)}>
            {t("vehicles.retire")}
          </Button>
        )
        : (
          <Button
            variant="default"
            onClick={() => void submit(() => change({ active: true }, t("vehicles.revived", { name })))}
          >
            {t("vehicles.revive")}
          </Button>
        )}
    >
      {refusal.problem !== null && (
        <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(Object.keys(fields))} />
      )}
      <TextInput
        label={t("vehicles.name")}
        description={t("vehicles.nameHint")}
        value={fields.name}
        onChange={(event) => setTyped({ ...fields, name: event.currentTarget.value })}
        error={refusal.of("name")}
        maxLength={60}
        data-autofocus
      />
      <div className={form.pair}>
        <NativeSelect
          label={t("vehicles.kind")}
          data={kinds.map((kind) => ({ value: kind, label: t(`vehicles.kinds.${kind}`) }))}
          value={fields.kind}
          onChange={(event) => setTyped({ ...fields, kind: event.currentTarget.value as Kind })}
          error={refusal.of("kind")}
        />
        <TextInput
          label={t("vehicles.plate")}
          value={fields.plate ?? ""}
          onChange={(event) => setTyped({ ...fields, plate: event.currentTarget.value || null })}
          error={refusal.of("plate")}
          maxLength={20}
        />
      </div>
      <SiteChoice
        label={t("vehicles.site")}
        value={fields.siteId}
        onChange={(siteId) => setTyped({ ...fields, siteId })}
        error={refusal.of("siteId")}
      />
      <div className={form.pair}>
        <NumberInput
          label={t("vehicles.kg")}
          value={fields.capacityKg ?? ""}
          onChange={(kg) => setTyped({ ...fields, capacityKg: kg === "" ? null : Number(kg) })}
          error={refusal.of("capacityKg")}
          min={0}
          max={100_000}
          hideControls
        />
        <NumberInput
          label={t("vehicles.units")}
          value={fields.capacityUnits ?? ""}
          onChange={(units) => setTyped({ ...fields, capacityUnits: units === "" ? null : Number(units) })}
          error={refusal.of("capacityUnits")}
          min={0}
          max={100_000}
          allowDecimal={false}
          hideControls
        />
      </div>
      <ConfirmDialog
        opened={retiring}
        onClose={() => setRetiring(false)}
        title={t("vehicles.retireTitle", { name })}
        act={t("vehicles.retire")}
        onConfirm={() => change({ active: false }, t("vehicles.retired", { name }))}
        grave
      >
        {t("vehicles.retireDetail")}
      </ConfirmDialog>
    </FormDrawer>
  );
}

const fieldsOf = (vehicle: Vehicle | null): VehicleFields => ({
  name: vehicle?.name ?? "",
  plate: vehicle?.plate ?? null,
  kind: vehicle?.kind ?? "van",
  siteId: vehicle?.siteId ?? "",
  capacityKg: vehicle?.capacityKg ?? null,
  capacityUnits: vehicle?.capacityUnits ?? null,
});
