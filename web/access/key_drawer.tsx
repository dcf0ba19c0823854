import { Checkbox, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import { keyRights } from "../../server/access/rights.ts";
import type { NewApiKey, ShownApiKey } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { sitesQuery } from "../sites/queries.ts";
import { CopyField } from "../ui/copy_field.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { keysQuery } from "./keys.ts";

const CHOICES = [30, 90, 180, 365];
const MOST_PER_MINUTE = 6_000;

/** Makes an API key and shows its token, once. */
export function KeyDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("access");
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery);
  const [typed, setTyped] = useState<z.output<typeof NewApiKey>>({
    name: "",
    rights: ["orders.write"],
    siteIds: [],
    days: 90,
    perMinute: 600,
  });
  const [token, setToken] = useState<string | null>(null);
  const { busy, refusal, submit } = useSubmit();
  const set = (some: Partial<typeof typed>) => setTyped({ ...typed, ...some });
  const make = () =>
    submit(async () => {
      setToken((await api.post<z.infer<typeof ShownApiKey>>("/keys", typed)).token);
      await queries.invalidateQueries({ queryKey: keysQuery.queryKey });
    });
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("keys.add")}
      onSubmit={token === null ? make : undefined}
      busy={busy}
      act={t("keys.add")}
    >
      {token !== null
        ? (
          <div role="status" className={form.form}>
            <CopyField label={t("keys.token")} description={t("keys.tokenLead")} value={token} />
            <p className={form.hint}>{t("keys.tokenHow")}</p>
          </div>
        )
        : (
          <>
            {refusal.problem !== null && (
              <ProblemNotice
                problem={refusal.problem}
                hideFaults={refusal.coveredBy(["name", "rights", "siteIds", "days", "perMinute"])}
              />
            )}
            <TextInput
              label={t("keys.name")}
              description={t("keys.nameHint")}
              placeholder={t("keys.namePlaceholder")}
              value={typed.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              error={refusal.of("name")}
              autoComplete="off"
              maxLength={60}
              data-autofocus
            />
            <Checkbox.Group
              label={t("keys.rights")}
              value={typed.rights}
              onChange={(rights) => set({ rights: keyRights.filter((right) => rights.includes(right)) })}
              error={refusal.of("rights")}
            >
              <div className={form.choices}>
                {keyRights.map((right) => (
                  <Checkbox key={right} value={right} label={t(`keys.right.${right}`)} />
                ))}
              </div>
            </Checkbox.Group>
            <Checkbox.Group
              label={t("keys.sites")}
              value={typed.siteIds}
              onChange={(siteIds) => set({ siteIds })}
              error={refusal.of("siteIds")}
            >
              <div className={form.choices}>
                {sites.data?.filter(({ active }) => active).map(({ id, name }) => (
                  <Checkbox key={id} value={id} label={name} />
                ))}
              </div>
            </Checkbox.Group>
            <NativeSelect
              label={t("keys.days")}
              data={CHOICES.map((days) => ({
                value: String(days),
                label: t("keys.daysChoice", { count: days }),
              }))}
              value={String(typed.days)}
              onChange={(event) => set({ days: Number(event.currentTarget.value) })}
              error={refusal.of("days")}
            />
            <NumberInput
              label={t("keys.perMinute")}
              value={typed.perMinute}
              onChange={(perMinute) => set({ perMinute: Number(perMinute) })}
              min={1}
              max={MOST_PER_MINUTE}
              allowDecimal={false}
              hideControls
              error={refusal.of("perMinute")}
            />
          </>
        )}
    </FormDrawer>
  );
}
