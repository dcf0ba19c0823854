import { NativeSelect, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ImportField, ImportOptions, ImportPreview } from "../../server/deliveries/import/schema.ts";
import { Panel } from "../ui/panel.tsx";
import styles from "./reading_form.module.css";

const formats = ["shopify", "woocommerce", "woodelivery", "custom"] as const;
const dateOrders = ["day-first", "month-first"] as const;

/** The fields in the order a person checks them. */
const groups = [
  { name: "needed", fields: ["number", "name", "firstName", "lastName", "street"] },
  {
    name: "recipient",
    fields: ["street2", "unit", "postcode", "city", "country", "phone", "email", "note", "lat", "lon"],
  },
  { name: "when", fields: ["day", "after", "before", "serviceMinutes"] },
  {
    name: "goods",
    fields: [
      "kind",
      "priority",
      "quantity",
      "weightKg",
      "volumeL",
      "cashAmount",
      "currency",
      "tags",
      "reference",
    ],
  },
] as const satisfies { name: string; fields: readonly ImportField[] }[];

/** Side by side, the fields stand on one line however long their hints are. */
const hintBelow: ("label" | "input" | "description")[] = ["label", "input", "description"];

interface ReadingFormProps {
  preview: ImportPreview;
  options: ImportOptions;
  onChange: (options: ImportOptions) => void;
}

/** How a file is read: its format, its dates, and which column fills which field. Every choice is tried at once. */
export function ReadingForm({ preview, options, onChange }: ReadingFormProps) {
  const { t } = useTranslation("imports");
  return (
    <Panel title={t("options.title")} lead={t("options.lead")}>
      <div className={styles.options}>
        <NativeSelect
          label={t("options.format")}
          description={t(`formatHint.${options.format}`)}
          inputWrapperOrder={hintBelow}
          data={formats.map((value) => ({ value, label: t(`format.${value}`) }))}
          value={options.format}
          onChange={({ currentTarget }) =>
            onChange({ ...options, format: formats.find((format) => format === currentTarget.value)! })}
        />
        <NativeSelect
          label={t("options.dateOrder")}
          data={dateOrders.map((value) => ({ value, label: t(`options.${value}`) }))}
          value={options.dateOrder}
          onChange={({ currentTarget }) =>
            onChange({
              ...options,
              dateOrder: dateOrders.find((order) => order === currentTarget.value)!,
            })}
        />
        <TextInput
          type="date"
          label={t("options.defaultDay")}
          description={t("options.defaultDayHint")}
          inputWrapperOrder={hintBelow}
          value={options.defaultDay ?? ""}
          onChange={({ currentTarget }) => onChange({ ...options, defaultDay: currentTarget.value || null })}
        />
      </div>
      <h3 className={styles.heading}>{t("options.columns")}</h3>
      <table className={styles.mapping} aria-label={t("options.columns")}>
        <thead>
          <tr>
            <th scope="col">{t("options.field")}</th>
            <th scope="col">{t("options.column")}</th>
            <th scope="col">{t("options.sample")}</th>
          </tr>
        </thead>
        {groups.map(({ name, fields }) => (
          <tbody key={name}>
            <tr className={styles.group}>
              <th colSpan={3} scope="rowgroup">{t(`group.${name}`)}</th>
            </tr>
            {fields.map((field) => (
              <FieldRow
                key={field}
                field={field}
                preview={preview}
                column={options.mapping[field]}
                onChange={(column) =>
                  onChange({ ...options, mapping: mapped(options.mapping, field, column) })}
              />
            ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}

interface FieldRowProps {
  field: ImportField;
  preview: ImportPreview;
  /** The column that fills the field, if any does. */
  column: string | undefined;
  onChange: (column: string | undefined) => void;
}

function FieldRow({ field, preview: { columns, sample }, column, onChange }: FieldRowProps) {
  const { t } = useTranslation("imports");
  const name = t(`field.${field}`);
  return (
    <tr data-filled={column !== undefined || undefined}>
      <th scope="row">{name}</th>
      <td>
        <NativeSelect
          aria-label={t("options.columnFor", { field: name })}
          data={[{ value: "", label: t("options.noColumn") }, ...columns]}
          value={column ?? ""}
          onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
        />
      </td>
      <td className={styles.sample}>{column !== undefined && samplesOf(columns.indexOf(column), sample)}</td>
    </tr>
  );
}

/** The first different texts of a column. */
function samplesOf(column: number, sample: string[][]): string {
  const texts = sample.map((cells) => cells[column]?.trim() ?? "").filter((text) => text !== "");
  return [...new Set(texts)].slice(0, 2).join(" · ");
}

function mapped(mapping: ImportOptions["mapping"], field: ImportField, column: string | undefined) {
  const { [field]: _, ...others } = mapping;
  return column === undefined ? others : { ...others, [field]: column };
}
