import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { elevatedRoles, type NewElevation } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { meQuery, useCan, useMe } from "../session.ts";
import { useSubmit } from "../ui/faults.ts";
import { FormDrawer } from "../ui/form_drawer.tsx";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import styles from "./account_page.module.css";
import { elevationsQuery, useMinutes } from "./elevations.ts";

const CHOICES = [15, 30, 60, 120, 240, 480];
const LONGEST_REASON = 500;

/** Where somebody asks for another role for a time, and sees what became of it. */
export function RoleForATime() {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const mayAsk = useCan("elevations.request");
  const queries = useQueryClient();
  const inWords = useMinutes();
  const [asking, setAsking] = useState(false);
  const elevations = useQuery({ ...elevationsQuery, enabled: mayAsk });
  const own = elevations.data?.filter(({ accountId }) => accountId === me.accountId) ?? [];
  const waiting = own.find(({ state }) => state === "requested");
  const isActive = own.some(({ state }) => state === "active");
  useEffect(() => {
    // Granted just now: every page may offer something else.
    if (isActive && me.elevation === null) void queries.invalidateQueries({ queryKey: meQuery.queryKey });
  }, [isActive, me.elevation, queries]);
  if (!mayAsk || me.elevation !== null) return null;
  const withdraw = async () => {
    await api.delete(`/elevations/${waiting!.id}`);
    await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey });
    tell(t("elevation.withdrawn"));
  };
  return (
    <Panel
      title={t("elevation.title")}
      lead={t("elevation.lead")}
      actions={waiting === undefined && (
        <Button
          variant="default"
          onClick={() => setAsking(true)}
          aria-haspopup="dialog"
        >
          {t("elevation.ask")}
        </Button>
      )}
    >
      {elevations.isError && (
        <ProblemNotice
          problem={elevations.error}
          onRetry={() => void elevations.refetch()}
        />
      )}
      {waiting !== undefined && (
        <div className={styles.waiting} role="status">
          <p>
            {t("elevation.waiting", {
              role: t(`common:roles.${waiting.role}`),
              time: inWords(waiting.minutes),
            })}
          </p>
          <Button variant="default" size="xs" onClick={withdraw}>{t("elevation.withdraw")}</Button>
        </div>
      )}
      {asking && <AskDrawer onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function AskDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const queries = useQueryClient();
  const inWords = useMinutes();
  const roles = elevatedRoles.filter((role) => role !== me.role);
  const [typed, setTyped] = useState<NewElevation>({ role: roles[0]!, minutes: 60, reason: "" });
  const { busy, refusal, submit } = useSubmit();
  const ask = async () => {
    if (!await submit(() => api.post("/elevations", typed))) return;
    await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey });
    tell(t("elevation.asked"));
    onClose();
  };
  return (
    <FormDrawer
      opened
      onClose={onClose}
      title={t("elevation.ask")}
      onSubmit={ask}
      busy={busy}
      act={t("elevation.askAct")}
    >
      {refusal.problem !== null && (
        <ProblemNotice
          problem={refusal.problem}
          hideFaults={refusal.coveredBy(["role", "minutes", "reason"])}
        />
      )}
      <NativeSelect
        label={t("elevation.role")}
        description={t(`people.roleHints.${typed.role}`)}
        data={roles.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
        value={typed.role}
        onChange={(event) => setTyped({ ...typed, role: event.currentTarget.value as NewElevation["role"] })}
        error={refusal.of("role")}
        data-autofocus
      />
      <NativeSelect
        label={t("elevation.minutes")}
        data={CHOICES.map((minutes) => ({ value: String(minutes), label: inWords(minutes) }))}
        value={String(typed.minutes)}
        onChange={(event) => setTyped({ ...typed, minutes: Number(event.currentTarget.value) })}
        error={refusal.of("minutes")}
      />
      <Textarea
        label={t("elevation.reason")}
        description={t("elevation.reasonHint")}
        value={typed.reason}
        onChange={(event) => setTyped({ ...typed, reason: event.currentTarget.value })}
        error={refusal.of("reason")}
        maxLength={LONGEST_REASON}
        autosize
        minRows={2}
      />
    </FormDrawer>
  );
}
