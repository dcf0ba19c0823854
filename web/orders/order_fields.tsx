import { Checkbox, NativeSelect, TagsInput, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useId, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery, kinds, priorities, requirements } from "../../server/deliveries/schema.ts";
import { ApiProblem } from "../api.ts";
import { countries } from "../company/places.ts";
import { SiteChoice } from "../sites/site_choice.tsx";
import type { Refusal } from "../ui/faults.ts";
import form from "../ui/form.module.css";
import { PanelHeading } from "./beside_panel.tsx";
import type { DraftField, OrderDraft } from "./draft.ts";
import styles from "./order_fields.module.css";

const kindChoices: Record<(typeof kinds)[number], true> = { delivery: true, pickup: true, service: true };
const priorityChoices: Record<(typeof priorities)[number], true> = { low: true, normal: true, high: true };
const proofChoices: Record<(typeof requirements)[number], true> = {
  signature: true,
  photo: true,
  note: true,
  name: true,
};

/** Where each field stands in the request's body. */
const paths: Record<DraftField, string> = {
  siteId: "siteId",
  number: "number",
  kind: "kind",
  day: "day",
  after: "window.after",
  before: "window.before",
  hard: "window.hard",
  serviceMinutes: "serviceMinutes",
  priority: "priority",
  quantity: "quantity",
  weightKg: "weightKg",
  volumeL: "volumeL",
  cash: "cash.amount",
  currency: "cash.currency",
  tags: "tags",
  requires: "requires",
  reference: "reference",
  name: "recipient.name",
  phone: "recipient.phone",
  email: "recipient.email",
  street: "recipient.street",
  unit: "recipient.unit",
  postcode: "recipient.postcode",
  city: "recipient.city",
  country: "recipient.country",
  note: "recipient.note",
  lat: "recipient.position.lat",
  lon: "recipient.position.lon",
};
/** Every path the fields show faults of. */
export const orderPaths: readonly string[] = Object.values(paths);

interface OrderFieldsProps {
  draft: OrderDraft;
  onChange: (draft: OrderDraft) => void;
  refusal: Refusal;
  /** An order stays at the site it was made for. */
  siteFixed?: boolean;
}

/** Everything an order can say about itself. */
export function OrderFields({ draft, onChange, refusal, siteFixed = false }: OrderFieldsProps) {
  const { t } = useTranslation("orders");
  const places = useMemo(() => [{ value: "", label: t("noCountry") }, ...countries()], [t]);
  const numberTaken = refusal.problem instanceof ApiProblem && refusal.problem.slug === "number-taken"
    ? refusal.problem.title
    : undefined;

  const set = (change: Partial<OrderDraft>) => onChange({ ...draft, ...change });
  const text = (field: Exclude<DraftField, "tags" | "requires" | "hard">) => ({
    label: t(`fields.${field}`),
    value: draft[field],
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange({ ...draft, [field]: event.currentTarget.value }),
    error: refusal.of(paths[field]),
    autoComplete: "off",
  });
  const choices = <Word extends string>(of: Record<Word, true>, words: (word: Word) => string) =>
    (Object.keys(of) as Word[]).map((value) => ({ value, label: words(value) }));

  return (
    <div className={styles.groups}>
      <Group title={t("groups.recipient")}>
        <TextInput {...text("name")} required withAsterisk={false} maxLength={120} />
        <div className={form.pair}>
          <TextInput {...text("phone")} type="tel" maxLength={40} />
          <TextInput {...text("email")} type="email" maxLength={254} />
        </div>
        <TextInput {...text("street")} required withAsterisk={false} maxLength={200} />
        <TextInput {...text("unit")} description={t("fields.unitHint")} maxLength={80} />
        <div className={form.pair} data-narrow-first>
          <TextInput {...text("postcode")} maxLength={16} />
          <TextInput {...text("city")} maxLength={80} />
        </div>
        <NativeSelect {...text("country")} data={places} />
        <Textarea {...text("note")} description={t("fields.noteHint")} rows={2} maxLength={2000} />
        <details className={styles.more}>
          <summary>{t("groups.position")}</summary>
          <div className={form.pair}>
            <TextInput {...text("lat")} inputMode="decimal" />
            <TextInput {...text("lon")} inputMode="decimal" />
          </div>
        </details>
      </Group>
      <Group title={t("groups.order")}>
        <div className={form.pair}>
          <TextInput
            {...text("number")}
            error={numberTaken ?? refusal.of(paths.number)}
            required
            withAsterisk={false}
            maxLength={40}
          />
          {siteFixed ? null : (
            <SiteChoice
              label={t("fields.site")}
              value={draft.siteId}
              onChange={(siteId) => set({ siteId })}
              error={refusal.of(paths.siteId)}
            />
          )}
        </div>
        <div className={form.pair}>
          <NativeSelect {...text("kind")} data={choices(kindChoices, (kind) => t(`kinds.${kind}`))} />
          <NativeSelect
            {...text("priority")}
            data={choices(priorityChoices, (priority) => t(`priorities.${priority}`))}
          />
        </div>
        <TextInput {...text("reference")} description={t("fields.referenceHint")} maxLength={80} />
        <TagsInput
          label={t("fields.tags")}
          description={t("fields.tagsHint")}
          value={draft.tags}
          onChange={(tags) => set({ tags })}
          error={refusal.of(paths.tags)}
          maxTags={20}
          acceptValueOnBlur
          splitChars={[",", ";"]}
        />
      </Group>
      <Group title={t("groups.when")}>
        <div className={styles.when}>
          <TextInput {...text("day")} type="date" required withAsterisk={false} />
          <TextInput {...text("after")} type="time" />
          <TextInput
            {...text("before")}
            type="time"
            error={refusal.of("window.before") ?? refusal.of("window")}
          />
        </div>
        <Checkbox
          label={t("fields.hard")}
          description={t("fields.hardHint")}
          checked={draft.hard}
          onChange={(event) => set({ hard: event.currentTarget.checked })}
          disabled={draft.after === "" && draft.before === ""}
        />
        <TextInput {...text("serviceMinutes")} className={styles.short} inputMode="numeric" />
      </Group>
      <Group title={t("groups.goods")}>
        <div className={styles.when}>
          <TextInput {...text("quantity")} inputMode="numeric" />
          <TextInput {...text("weightKg")} inputMode="decimal" />
          <TextInput {...text("volumeL")} inputMode="decimal" />
        </div>
        <div className={form.pair}>
          <TextInput
            {...text("cash")}
            inputMode="decimal"
            error={refusal.of("cash.amount") ?? refusal.of("cash")}
          />
          <TextInput {...text("currency")} maxLength={3} />
        </div>
        <Checkbox.Group
          label={t("fields.requires")}
          value={draft.requires}
          onChange={(requires) => set({ requires: requires as Delivery["requires"] })}
          error={refusal.of(paths.requires)}
        >
          <div className={styles.proofs}>
            {choices(proofChoices, (proof) => t(`requires.${proof}`)).map(({ value, label }) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </div>
        </Checkbox.Group>
      </Group>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.group} aria-labelledby={id}>
      <PanelHeading id={id} className={styles.heading}>{title}</PanelHeading>
      {children}
    </section>
  );
}
