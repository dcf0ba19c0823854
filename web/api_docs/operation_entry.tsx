import { IconChevronRight, IconLink } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../ui/copy_field.tsx";
import { Tag } from "../ui/tag.tsx";
import { curl } from "./example.ts";
import type { OpenApi, Operation } from "./openapi.ts";
import styles from "./operation_entry.module.css";
import { Field, SchemaTree } from "./schema_tree.tsx";

interface OperationEntryProps {
  operation: Operation;
  document: OpenApi;
  opened: boolean;
  onToggle: (opened: boolean) => void;
}

/** One operation: a line to find it by, and on request all there is to know to call it. */
export function OperationEntry({ operation, document, opened, onToggle }: OperationEntryProps) {
  const { id, method, path, summary } = operation;
  return (
    <details
      id={id}
      className={styles.operation}
      open={opened}
      onToggle={(event) => onToggle(event.currentTarget.open)}
    >
      <summary className={styles.head}>
        <IconChevronRight className={styles.chevron} size={16} aria-hidden />
        <span className={styles.method} data-method={method}>{method}</span>
        <code className={styles.path}>{path}</code>
        <span className={styles.summary}>{summary}</span>
      </summary>
      {opened && <Body operation={operation} document={document} />}
    </details>
  );
}

function Body({ operation, document }: { operation: Operation; document: OpenApi }) {
  const { t } = useTranslation("apiDocs");
  const { id, parameters = [], requestBody, responses } = operation;
  return (
    <div className={styles.body}>
      <div className={styles.access}>
        <Access operation={operation} />
        <a href={`#${id}`} className={styles.link}>
          <IconLink size={16} aria-hidden />
          {t("link")}
        </a>
      </div>
      {parameters.length > 0 && (
        <Part title={t("parameters")}>
          <ul className={styles.parameters}>
            {parameters.map((parameter) => (
              <Field
                key={parameter.name}
                name={parameter.name}
                schema={{
                  ...parameter.schema,
                  description: [t(`places.${parameter.in}`), parameter.description].filter(Boolean).join(
                    ". ",
                  ),
                }}
                required={parameter.required}
                document={document}
              />
            ))}
          </ul>
        </Part>
      )}
      {requestBody !== undefined && (
        <Part title={t("body")} aside={requestBody.description}>
          {Object.entries(requestBody.content).map(([type, { schema }]) => (
            <div key={type}>
              <p>
                <code>{type}</code>
              </p>
              <SchemaTree schema={schema} document={document} />
            </div>
          ))}
        </Part>
      )}
      <Part title={t("answers")}>
        {Object.entries(responses).map(([status, { description, content = {} }]) => (
          <details key={status} className={styles.answer}>
            <summary>
              <strong>{status}</strong> {description}
            </summary>
            {Object.entries(content).map(([type, { schema }]) => (
              <div key={type}>
                <p>
                  <code>{type}</code>
                </p>
                <SchemaTree schema={schema} document={document} />
              </div>
            ))}
          </details>
        ))}
      </Part>
      <Part title={t("example")}>
        <pre className={styles.code} tabIndex={0}>{curl(operation, document)}</pre>
        <CopyButton text={curl(operation, document)} label={t("copy")} />
      </Part>
    </div>
  );
}

function Access({ operation }: { operation: Operation }) {
  const { t } = useTranslation("apiDocs");
  const { "x-right": right, security, description } = operation;
  if (security?.length === 0) {
    return (
      <span>
        <Tag tone="green">{t("open")}</Tag> {description?.replace(/^Open: /, "")}
      </span>
    );
  }
  return (
    <span>
      {right === undefined || right === "own-session" ? <Tag>{t("signedIn")}</Tag> : (
        <>
          {t("right")} <Tag tone="blue">{right}</Tag>
        </>
      )}
    </span>
  );
}

function Part({ title, aside, children }: { title: string; aside?: string; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {aside !== undefined && <p className={styles.aside}>{aside}</p>}
      {children}
    </section>
  );
}
