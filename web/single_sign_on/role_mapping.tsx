import { ActionIcon, Button, Checkbox, Radio, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ProviderSettings } from "../../server/access/sso/schema.ts";
import { emptyMapping } from "./draft.ts";
import type { FieldsProps } from "./fields.ts";
import styles from "./provider_form.module.css";
import { Requirements } from "./requirements.tsx";
import mapping from "./role_mapping.module.css";
import { RoleChoice, SiteChoices } from "./share_fields.tsx";

const described = { body: styles.body, label: styles.label };

/** Who gets in, and which role they have: by their groups, by being let in at all, or as it is set here. */
export function RoleMapping(props: FieldsProps & { mapped: string | undefined }) {
  const { t } = useTranslation("singleSignOn");
  const { draft: { settings }, setSettings, refusal, isReadOnly } = props;
  const { rolesFrom, everybody } = settings;
  const isThere = rolesFrom !== "here";
  return (
    <fieldset className={styles.fields} disabled={isReadOnly}>
      <Radio.Group
        label={t("form.rolesFrom")}
        value={rolesFrom}
        onChange={(value) => {
          const rolesFrom = value as ProviderSettings["rolesFrom"];
          setSettings({ rolesFrom, ...(rolesFrom !== "provider" && { justInTime: false }) });
        }}
        error={refusal.of("settings.rolesFrom")}
      >
        <div className={styles.choices}>
          <Radio value="provider" label={t("form.rolesFromProvider")} />
          <Radio value="directory" label={t("form.rolesFromDirectory")} />
          <Radio value="here" label={t("form.rolesFromHere")} />
        </div>
      </Radio.Group>
      {isThere && (
        <>
          <Groups {...props} />
          <Checkbox
            classNames={described}
            label={t("mapping.everybody")}
            description={t("mapping.everybodyHint")}
            checked={everybody !== null}
            onChange={(event) =>
              setSettings({
                everybody: event.currentTarget.checked ? { role: "dispatcher", siteIds: [] } : null,
              })}
          />
          {everybody !== null && (
            <div className={mapping.row}>
              <RoleChoice
                label={t("mapping.everybodyRole")}
                share={everybody}
                onChange={(everybody) => setSettings({ everybody })}
                refusal={refusal}
                path="settings.everybody"
              />
              <SiteChoices
                share={everybody}
                onChange={(everybody) => setSettings({ everybody })}
                refusal={refusal}
                path="settings.everybody"
              />
            </div>
          )}
          {rolesFrom === "provider" && (
            <Checkbox
              classNames={described}
              label={t("form.justInTime")}
              description={t("form.justInTimeHint")}
              checked={settings.justInTime}
              onChange={(event) => setSettings({ justInTime: event.currentTarget.checked })}
              error={refusal.of("settings.justInTime")}
            />
          )}
        </>
      )}
      <Requirements {...props} />
    </fieldset>
  );
}

function Groups(
  { draft: { settings }, setSettings, refusal, isReadOnly, mapped }: FieldsProps & {
    mapped: string | undefined;
  },
) {
  const { t } = useTranslation("singleSignOn");
  const { mappings } = settings;
  // A row that comes while somebody types takes the focus; the one of a trial does at once.
  const [added, setAdded] = useState(
    mapped === undefined ? -1 : mappings.findIndex(({ group }) => group === mapped),
  );
  const set = (mappings: ProviderSettings["mappings"]) => setSettings({ mappings });
  return (
    <div className={mapping.rows} role="group" aria-labelledby="mapping-title">
      <div>
        <h3 id="mapping-title">{t("mapping.title")}</h3>
        <p className={styles.hint}>{t("mapping.lead")}</p>
      </div>
      {mappings.length === 0 && <p>{t("mapping.none")}</p>}
      {mappings.map((row, index) => {
        const path = `settings.mappings.${index}`;
        const replace = (change: Partial<typeof row>) => set(mappings.with(index, { ...row, ...change }));
        return (
          <div
            key={index}
            className={mapping.row}
            role="group"
            aria-label={t("mapping.row", { number: index + 1 })}
          >
            <div className={mapping.line}>
              <TextInput
                label={t("mapping.group")}
                value={row.group}
                onChange={(event) => replace({ group: event.currentTarget.value })}
                error={refusal.of(`${path}.group`)}
                autoComplete="off"
                spellCheck={false}
                maxLength={200}
                autoFocus={index === added}
              />
              <RoleChoice
                label={t("mapping.role")}
                share={row}
                onChange={replace}
                refusal={refusal}
                path={path}
              />
              {!isReadOnly && (
                <ActionIcon
                  size="lg"
                  className={mapping.remove}
                  aria-label={t("mapping.remove", { number: index + 1 })}
                  onClick={() => set(mappings.toSpliced(index, 1))}
                >
                  <IconTrash size={18} />
                </ActionIcon>
              )}
            </div>
            <SiteChoices share={row} onChange={replace} refusal={refusal} path={path} />
          </div>
        );
      })}
      {!isReadOnly && (
        <Button
          variant="default"
          className={mapping.add}
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => {
            setAdded(mappings.length);
            set([...mappings, emptyMapping()]);
          }}
        >
          {t("mapping.add")}
        </Button>
      )}
    </div>
  );
}
