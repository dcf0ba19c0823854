import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Site, SiteEdit, SiteFields as Fields } from "../../server/sites/schema.ts";
import { api } from "../api.ts";
import { useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import { tell } from "../ui/notices.ts";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { PositionFields } from "./position_fields.tsx";
import { SiteFields } from "./site_fields.tsx";

interface SiteDrawerProps {
  /** Null for a new one. */
  site: Site | null;
  onClose: () => void;
}

/** Makes or changes a site, and takes it out of use. */
export function SiteDrawer({ site, onClose }: SiteDrawerProps) {
  const { t } = useTranslation("sites");
  const queries = useQueryClient();
  const { timeZone } = useMe().company;
  const [fields, setFields] = useState<Fields>(() => site === null ? blank(timeZone) : fieldsOf(site));
  const [retiring, setRetiring] = useState(false);
  const { busy, refusal, submit } = useSubmit();

  const change = async (edit: SiteEdit, told: string) => {
    try {
      if (site === null) await api.post<Site>("/sites", edit);
      else await api.patch<Site>(`/sites/${site.id}`, edit, { ifMatch: site.version });
    } finally {
      // After a refusal as well: it may mean that somebody else has changed the site meanwhile.
      await queries.invalidateQueries({ queryKey: ["sites"] });
    }
    tell(told);
    onClose();
  };
  const retire = () => change({ active: false }, t("retired", { name: site?.name }));
  const revive = () => submit(() => change({ active: true }, t("revived", { name: site?.name })));

  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={site === null ? t("add") : t("edit")}
      onSubmit={() => void submit(() => change(fields, t("saved")))}
      busy={busy}
      act={site === null ? t("add") : undefined}
      asides={site === null
        ? undefined
        : site.active
        ? <Button variant="subtle" color="red" onClick={() => setRetiring(true)}>{t("retire")}</Button>
        : <Button variant="default" onClick={() => void revive()}>{t("revive")}</Button>}
    >
      {refusal.problem !== null && (
        <ProblemNotice problem={refusal.problem} hideFaults={refusal.coveredBy(Object.keys(fields))} />
      )}
      <SiteFields site={fields} onChange={setFields} refusal={refusal} />
      <PositionFields
        position={fields.position}
        onChange={(position) => setFields({ ...fields, position })}
        refusal={refusal}
      />
      <ConfirmDialog
        opened={retiring}
        onClose={() => setRetiring(false)}
        title={t("retireTitle", { name: site?.name })}
        act={t("retire")}
        onConfirm={retire}
        grave
      >
        {t("retireDetail")}
      </ConfirmDialog>
    </FormDrawer>
  );
}

const blank = (timeZone: string): Fields => ({
  name: "",
  street: null,
  postcode: null,
  city: null,
  position: null,
  timeZone,
});

const fieldsOf = ({ name, street, postcode, city, position, timeZone }: Site): Fields => ({
  name,
  street,
  postcode,
  city,
  position,
  timeZone,
});
