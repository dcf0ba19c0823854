import { Button } from "@mantine/core";
import { IconClockShield } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api.ts";
import { meQuery, useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import { clock } from "../ui/times.tsx";
import styles from "./elevation_banner.module.css";

/** Says on every page that the reader has another role for a time, until when, and lets them end it. */
export function ElevationBanner() {
  const { t } = useTranslation(["access", "common"]);
  const { elevation, role, company } = useMe();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [ending, setEnding] = useState(false);
  useEffect(() => {
    if (elevation === null) return;
    // At its end the session is over; asking finds that out, and the page goes to the sign-in.
    const left = Date.parse(elevation.endsAt) - Date.now() + 3_000;
    const timer = setTimeout(() => void queries.invalidateQueries({ queryKey: meQuery.queryKey }), left);
    return () => clearTimeout(timer);
  }, [elevation, queries]);
  if (elevation === null) return null;
  const end = async () => {
    await api.delete(`/elevations/${elevation.id}`);
    await navigate({ to: "/sign-in", search: { reason: "ended" } });
    queries.clear();
  };
  return (
    <section className={styles.banner} aria-label={t("elevation.title")}>
      <IconClockShield size={18} aria-hidden />
      <p>
        {t("elevation.banner", {
          role: t(`common:roles.${role}`),
          time: clock(elevation.endsAt, company.timeZone),
        })}
      </p>
      <Button size="compact-sm" variant="default" onClick={() => setEnding(true)} aria-haspopup="dialog">
        {t("elevation.end")}
      </Button>
      <ConfirmDialog
        opened={ending}
        onClose={() => setEnding(false)}
        title={t("elevation.endTitle", { role: t(`common:roles.${role}`) })}
        act={t("elevation.end")}
        onConfirm={end}
      >
        {t("elevation.endDetail", { ownRole: t(`common:roles.${elevation.ownRole}`) })}
      </ConfirmDialog>
    </section>
  );
}
