import { useTranslation } from "react-i18next";
import { type OpenApi, resolved, type Schema, withoutNull } from "./openapi.ts";
import styles from "./schema_tree.module.css";

/** A schema as an indented tree: each field with its type, limits and what it is when left out. */
export function SchemaTree({ schema, document }: { schema: Schema; document: OpenApi }) {
  const whole = withoutNull(resolved(schema, document)).schema;
  return (
    <div className={styles.tree}>
      {whole.properties === undefined && (
        <p className={styles.line}>
          <About schema={schema} document={document} />
        </p>
      )}
      <Inside schema={whole} document={document} />
    </div>
  );
}

/** What a schema holds: the fields of an object, of a list's items, or of each choice. */
function Inside({ schema, document }: { schema: Schema; document: OpenApi }) {
  if (schema.properties !== undefined) {
    return (
      <ul className={styles.fields}>
        {Object.entries(schema.properties).map(([name, property]) => (
          <Field
            key={name}
            name={name}
            schema={property}
            required={schema.required?.includes(name) ?? false}
            document={document}
          />
        ))}
      </ul>
    );
  }
  const below = [
    schema.items,
    ...(schema.anyOf ?? []),
    typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined,
  ];
  return below.map((inner, index) =>
    inner !== undefined && (
      <Inside key={index} schema={withoutNull(resolved(inner, document)).schema} document={document} />
    )
  );
}

interface FieldProps {
  name: string;
  schema: Schema;
  required: boolean;
  document: OpenApi;
}

/** One named value: a field, or a parameter. */
export function Field({ name, schema, required, document }: FieldProps) {
  const { t } = useTranslation("apiDocs");
  return (
    <li>
      <p className={styles.line}>
        <code className={styles.name}>{name}</code>
        {required && <span className={styles.required}>{t("required")}</span>}
        <About schema={schema} document={document} />
      </p>
      <Inside schema={withoutNull(resolved(schema, document)).schema} document={document} />
    </li>
  );
}

/** A schema in a line of words: type, limits, values, default. */
function About({ schema, document }: { schema: Schema; document: OpenApi }) {
  const { t } = useTranslation("apiDocs");
  const describe = useDescription(document);
  const whole = resolved(schema, document);
  const values = valuesOf(withoutNull(whole).schema);
  return (
    <>
      <span className={styles.type}>{describe(whole)}</span>
      {values.map((value) => <code key={String(value)} className={styles.value}>{String(value)}</code>)}
      {whole.default !== undefined && whole.default !== null && (
        <span className={styles.limit}>{t("limits.default", { value: JSON.stringify(whole.default) })}</span>
      )}
      {whole.description !== undefined && <span className={styles.limit}>{whole.description}</span>}
    </>
  );
}

/** The values a field, or each item of a list, may have. */
function valuesOf(schema: Schema): unknown[] {
  if (schema.const !== undefined) return [schema.const];
  return schema.enum ?? (schema.items === undefined ? [] : valuesOf(schema.items));
}

/** Patterns longer than this are for machines. */
const READABLE = 28;

function useDescription(document: OpenApi): (schema: Schema) => string {
  const { t } = useTranslation("apiDocs");
  const range = (least: number | undefined, most: number | undefined) =>
    least !== undefined && least > 0 && most !== undefined
      ? t("limits.between", { least, most })
      : most !== undefined && most < Number.MAX_SAFE_INTEGER
      ? t("limits.upTo", { most })
      : least !== undefined && least > 0
      ? t("limits.from", { least })
      : null;

  const describe = (given: Schema): string => {
    const { schema, orNull } = withoutNull(resolved(given, document));
    const words = [nameOf(schema), ...limitsOf(schema)].filter((word) => word !== null).join(", ");
    return orNull ? t("orNull", { type: words }) : words;
  };
  const nameOf = (schema: Schema): string => {
    const { type, format, items, prefixItems, anyOf } = schema;
    if (anyOf !== undefined) {
      return anyOf.every((choice) => choice.properties) ? t("oneOf") : anyOf.map(describe).join(" | ");
    }
    if (prefixItems !== undefined) return t("pair", { types: prefixItems.map(describe).join("; ") });
    if (type === "array") {
      const inner = items === undefined ? t("anything") : describe(items);
      const some = range(schema.minItems, schema.maxItems);
      return some === null ? t("listOf", { type: inner }) : t("listOfSome", { range: some, type: inner });
    }
    if (type === "object" && schema.properties === undefined) return t("map");
    if (format !== undefined) return t(`formats.${format}` as "map", { defaultValue: format });
    return type === undefined
      ? t(schema.enum || schema.const !== undefined ? "types.string" : "anything")
      : t(`types.${type}` as "map");
  };
  const limitsOf = (schema: Schema): (string | null)[] => {
    const { minLength, maxLength, minimum, maximum, pattern, format } = schema;
    const characters = range(minLength, maxLength);
    const least = minimum !== undefined && minimum > -Number.MAX_SAFE_INTEGER ? minimum : undefined;
    const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
    return [
      characters && t("limits.characters", { range: characters }),
      least !== undefined && most !== undefined ? t("limits.between", { least, most }) : range(least, most),
      pattern !== undefined && format === undefined && pattern.length <= READABLE
        ? t("limits.pattern", { pattern })
        : null,
    ];
  };
  return describe;
}
