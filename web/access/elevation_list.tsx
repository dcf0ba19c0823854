import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Elevation } from "../../server/access/schema.ts";
import { api } from "../api.ts";
import { useCan, useMe } from "../session.ts";
import { tell } from "../ui/notices.ts";
import { Panel } from "../ui/panel.tsx";
import { ProblemNotice } from "../ui/problem_notice.tsx";
import { Tag } from "../ui/tag.tsx";
import type { Tone } from "../ui/theme.ts";
import { moment } from "../ui/times.tsx";
import styles from "./account_page.module.css";
import { elevationsQuery, useMinutes } from "./elevations.ts";

const tones: Record<Elevation["state"], Tone> = {
  requested: "amber",
  active: "green",
  withdrawn: "gray",
  lapsed: "gray",
  refused: "gray",
  over: "gray",
};
const isOpen = ({ state }: Elevation) => state === "requested" || state === "active";

/** Who asks for another role and who has one, for those who decide; left out while nobody does. */
export function ElevationList() {
  const { t } = useTranslation("access");
  const elevations = useQuery(elevationsQuery);
  const open = elevations.data?.filter(isOpen) ?? [];
  if (elevations.isError) {
    return <ProblemNotice problem={elevations.error} onRetry={() => void elevations.refetch()} />;
  }
  if (open.length === 0) return null;
  return (
    <Panel title={t("elevation.list")} lead={t("elevation.listLead")} flush>
      <ul className={styles.rows}>
        {open.map((elevation) => <ElevationRow key={elevation.id} elevation={elevation} />)}
      </ul>
    </Panel>
  );
}

function ElevationRow({ elevation }: { elevation: Elevation }) {
  const { t } = useTranslation(["access", "common"]);
  const me = useMe();
  const decides = useCan("elevations.decide");
  const mayDecide = decides && me.elevation === null && elevation.accountId !== me.accountId;
  const queries = useQueryClient();
  const inWords = useMinutes();
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const name = elevation.name ?? t("common:erased");
  const act = async (does: () => Promise<unknown>, done: string) => {
    setBusy(true);
    setProblem(null);
    try {
      await does();
      tell(done);
    } catch (fault) {
      setProblem(fault);
    } finally {
      setBusy(false);
      await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey });
    }
  };
  const decide = (granted: boolean) =>
    act(
      () => api.put(`/elevations/${elevation.id}/decision`, { granted }),
      granted ? t("elevation.granted", { name }) : t("elevation.refused"),
    );
  const words = {
    name,
    ownRole: t(`common:roles.${elevation.ownRole}`),
    role: t(`common:roles.${elevation.role}`),
    time: inWords(elevation.minutes),
    until: elevation.endsAt === null ? "" : moment(elevation.endsAt, me.company.timeZone),
  };
  return (
    <li className={styles.row}>
      <div className={styles.what}>
        <p className={styles.name}>
          {t(elevation.state === "active" ? "elevation.has" : "elevation.wants", words)}
          <Tag tone={tones[elevation.state]}>{t(`elevation.states.${elevation.state}`)}</Tag>
        </p>
        <p className={styles.lead}>{elevation.reason ?? t("common:erased")}</p>
        {problem !== null && <ProblemNotice problem={problem} />}
      </div>
      {mayDecide && (
        <div className={styles.acts}>
          {elevation.state === "requested"
            ? (
              <>
                <Button
                  size="xs"
                  loading={busy}
                  onClick={() => decide(true)}
                  aria-label={t("elevation.grantOne", { name })}
                >
                  {t("elevation.grant")}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  disabled={busy}
                  onClick={() => decide(false)}
                  aria-label={t("elevation.refuseOne", { name })}
                >
                  {t("elevation.refuse")}
                </Button>
              </>
            )
            : (
              <Button
                size="xs"
                variant="default"
                loading={busy}
                onClick={() =>
                  act(() => api.delete(`/elevations/${elevation.id}`), t("elevation.endedOther"))}
                aria-label={t("elevation.endOne", { name })}
              >
                {t("elevation.endOther")}
              </Button>
            )}
        </div>
      )}
    </li>
  );
}
