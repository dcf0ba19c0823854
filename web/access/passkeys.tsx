import { Button, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Passkey } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import form from "../ui/form.module.css";
import { LoadingRows } from "../ui/loading_rows.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./account_page.module.css";
import { makePasskey, missingForPasskeys, passkeysQuery } from "./passkey.ts";
import { PasskeyProblem } from "./passkey_problem.tsx";

const LONGEST_NAME = 60;

/** The reader's passkeys: each can be renamed and removed, and new ones made. */
export function Passkeys() {
  const { t } = useTranslation("access");
  const queries = useQueryClient();
  const passkeys = useQuery(passkeysQuery);
  const [naming, setNaming] = useState<Passkey | "new" | null>(null);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const missing = missingForPasskeys();

  const remove = async ({ id }: Passkey) => {
    await api.delete(`/passkeys/${id}`);
    await queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
    await queries.invalidateQueries({ queryKey: ["session", "all"] });
    tell(t("passkeys.removed"));
  };

  return (
    <Panel
      title={t("passkeys.title")}
      lead={t("passkeys.lead")}
      actions={missing === null && (
        <Button
          variant="default"
          onClick={() => setNaming("new")}
          aria-haspopup="dialog"
        >
          {t("passkeys.add")}
        </Button>
      )}
      flush
    >
      {passkeys.isPending
        ? <LoadingRows rows={1} height={64} />
        : passkeys.isError
        ? <ProblemNotice problem={passkeys.error} onRetry={() => void passkeys.refetch()} />
        : passkeys.data.length === 0
        ? (
          <EmptyState
            icon={<IconKey size={32} stroke={1.25} />}
            title={t("passkeys.none")}
            detail={t(missing === null ? "passkeys.noneDetail" : `passkeys.missing.${missing}`)}
          />
        )
        : (
          <ul className={styles.rows}>
            {passkeys.data.map((passkey) => (
              <PasskeyRow
                key={passkey.id}
                passkey={passkey}
                onRename={() => setNaming(passkey)}
                onRemove={() => setRemoving(passkey)}
              />
            ))}
          </ul>
        )}
      {naming !== null && (
        <NameDrawer
          passkey={naming === "new" ? null : naming}
          onClose={() => setNaming(null)}
        />
      )}
      <ConfirmDialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t("passkeys.removeTitle", { name: nameOf(removing, t) })}
        act={t("passkeys.remove")}
        onConfirm={() => removing === null ? Promise.resolve() : remove(removing)}
        grave
      >
        {t("passkeys.removeDetail")}
      </ConfirmDialog>
    </Panel>
  );
}

const nameOf = (passkey: Passkey | null, t: (key: "passkeys.unnamed") => string) =>
  passkey?.name ?? t("passkeys.unnamed");

interface PasskeyRowProps {
  passkey: Passkey;
  onRename: () => void;
  onRemove: () => void;
}

function PasskeyRow({ passkey, onRename, onRemove }: PasskeyRowProps) {
  const { t } = useTranslation("access");
  const { timeZone } = useMe().company;
  const name = nameOf(passkey, t);
  return (
    <li className={styles.row}>
      <IconKey size={22} stroke={1.5} aria-hidden />
      <div className={styles.what}>
        <p className={styles.name}>
          {name}
          {passkey.host !== location.hostname && (
            <Tag tone="amber">{t("passkeys.elsewhere", { host: passkey.host })}</Tag>
          )}
        </p>
        <p className={styles.lead}>
          {t("passkeys.made")} <DateText at={passkey.createdAt} timeZone={timeZone} />
          {" · "}
          {passkey.lastUsedAt === null ? t("passkeys.unused") : (
            <>
              {t("account.lastUsed")} <DateText at={passkey.lastUsedAt} timeZone={timeZone} />
            </>
          )}
          {" · "}
          {t(passkey.synced ? "passkeys.synced" : "passkeys.single")}
        </p>
      </div>
      <div className={styles.acts}>
        <Button
          variant="default"
          size="xs"
          onClick={onRename}
          aria-haspopup="dialog"
          aria-label={t("passkeys.renameOne", { name })}
        >
          {t("passkeys.rename")}
        </Button>
        <Button
          variant="default"
          size="xs"
          onClick={onRemove}
          aria-haspopup="dialog"
          aria-label={t("passkeys.removeOne", { name })}
        >
          {t("passkeys.remove")}
        </Button>
      </div>
    </li>
  );
}

/** Names a passkey; one that is new is made by the browser once it has a name. */
function NameDrawer({ passkey, onClose }: { passkey: Passkey | null; onClose: () => void }) {
  const { t } = useTranslation("access");
  const queries = useQueryClient();
  const [name, setName] = useState(passkey?.name ?? "");
  const { busy, refusal, submit } = useSubmit();
  const save = async () => {
    const given = name.trim() || t("passkeys.usual");
    const saved = await submit(() =>
      passkey === null ? makePasskey(given) : api.patch(`/passkeys/${passkey.id}`, { name: given })
    );
    if (!saved) return;
    await queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
    tell(t(passkey === null ? "passkeys.added" : "passkeys.renamed"));
    onClose();
  };
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t(passkey === null ? "passkeys.add" : "passkeys.rename")}
      onSubmit={save}
      busy={busy}
      act={passkey === null ? t("passkeys.make") : undefined}
    >
      <PasskeyProblem problem={refusal.problem} hideFaults={refusal.coveredBy(["name"])} />
      {passkey === null && <p className={form.hint}>{t("passkeys.how")}</p>}
      <TextInput
        label={t("passkeys.name")}
        description={t("passkeys.nameHint")}
        placeholder={t("passkeys.usual")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={refusal.of("name")}
        maxLength={LONGEST_NAME}
        data-autofocus
      />
    </FormDrawer>
  );
}
