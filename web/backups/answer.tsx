import { Button, Loader, Progress } from "@mantine/core";
import {
  IconHourglass,
  IconQuestionMark,
  IconShieldCheck,
  IconShieldHalf,
  IconShieldX,
} from "@tabler/icons-react";
import { type ComponentType, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BackupRequest, BackupsOverview, BackupState, Safety } from "../../server/backups/schema.ts";
import { useCan, useMe } from "../session.ts";
import { ConfirmDialog } from "../ui/confirm_dialog.tsx";
import type { Tone } from "../ui/theme.ts";
import { moment } from "../ui/times.tsx";
import styles from "./answer.module.css";
import { useAsking } from "./asking.ts";
import { ago, duration } from "./measures.ts";

type Told = Exclude<Safety, "none">;
type Icon = ComponentType<{ size?: number; stroke?: number }>;

/** The icon and the sentence say it; the tone only helps the eye (WCAG 2.2, 1.4.1). */
const looks: Record<Told, { tone: Tone; icon: Icon }> = {
  safe: { tone: "green", icon: IconShieldCheck },
  mostly: { tone: "amber", icon: IconShieldHalf },
  "not-safe": { tone: "red", icon: IconShieldX },
  unknown: { tone: "red", icon: IconQuestionMark },
  starting: { tone: "blue", icon: IconHourglass },
};

/** Are we safe? In one sentence, with what is under way and what may be asked for. */
export function Answer({ overview }: { overview: BackupsOverview }) {
  const { t } = useTranslation("backups");
  const mayAsk = useCan("backups.run");
  const { verdicts, state, waiting } = overview;
  const safety = overview.safety as Told;
  const { tone, icon: Icon } = looks[safety];
  const count = verdicts.filter(({ kept }) => kept === false).length;
  const id = useId();
  return (
    <section className={styles.answer} data-tone={tone} aria-labelledby={id}>
      <div className={styles.said}>
        <span className={styles.icon} aria-hidden>
          <Icon size={30} stroke={1.75} />
        </span>
        <div className={styles.words} aria-live="polite">
          <h2 id={id} className={styles.sentence}>
            {safety === "mostly" ? t("answer.mostly", { count }) : t(`answer.${safety}`)}
          </h2>
          <Reach safety={safety} overview={overview} count={count} />
        </div>
      </div>
      {mayAsk && <Acts overview={overview} />}
      {state?.running && safety !== "unknown" && <Running running={state.running} />}
      {waiting.filter(({ kind }) => kind !== state?.running?.kind).map(({ id, kind }) => (
        <p key={id} className={styles.waiting} role="status">
          <Loader size={14} aria-hidden /> {t("progress.waiting", { kind: t(`kind.${kind}`) })}
        </p>
      ))}
    </section>
  );
}

/** What that means, in a second sentence or two. */
function Reach({ safety, overview, count }: { safety: Told; overview: BackupsOverview; count: number }) {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;
  const { state, verdicts } = overview;
  if (!state) return <p>{t("answer.neverReported")}</p>;
  const { recoverable } = state.clusters.data;
  const reach = recoverable
    ? t("answer.reach", {
      from: moment(recoverable.from, timeZone),
      to: moment(recoverable.to, timeZone),
    })
    : t("answer.noReach");
  if (safety === "starting") return <p>{t("answer.startingNext")}</p>;
  if (safety === "unknown") return <p>{t("answer.unknownNext", { age: ago(state.at) })}</p>;
  if (safety === "not-safe") return <p>{t("answer.broken", { count })}</p>;
  const drill = verdicts.find(({ promise, kept }) => promise === "drill" && kept);
  const tried = drill?.provenAt && drill.figure &&
    t("answer.tried", { ago: ago(drill.provenAt), duration: duration(drill.figure.value) });
  return <p>{reach} {tried}</p>;
}

function Acts({ overview: { state, safety, waiting } }: { overview: BackupsOverview }) {
  const { t } = useTranslation("backups");
  const [asksForDrill, setAsksForDrill] = useState(false);
  const id = useId();
  const ask = useAsking();
  const why = !state || safety === "unknown"
    ? t("act.silent")
    : state.running || waiting.length > 0
    ? t("act.busy")
    : null;
  const common = { disabled: why !== null, "aria-describedby": why === null ? undefined : id };
  const isAsking = (kind: BackupRequest["kind"]) => ask.isPending && ask.variables === kind;
  return (
    <div className={styles.acts}>
      <div className={styles.buttons}>
        <Button {...common} loading={isAsking("full")} onClick={() => ask.mutate("full")}>
          {t("act.full")}
        </Button>
        <Button
          {...common}
          variant="default"
          loading={isAsking("drill")}
          onClick={() => setAsksForDrill(true)}
        >
          {t("act.drill")}
        </Button>
        <Button
          {...common}
          variant="default"
          loading={isAsking("verification")}
          onClick={() => ask.mutate("verification")}
        >
          {t("act.verification")}
        </Button>
      </div>
      {why !== null && <p id={id} className={styles.why}>{why}</p>}
      <ConfirmDialog
        opened={asksForDrill}
        onClose={() => setAsksForDrill(false)}
        title={t("act.drillTitle")}
        act={t("act.drill")}
        onConfirm={() => ask.mutateAsync("drill")}
      >
        <p>{t("act.drillDetail")}</p>
      </ConfirmDialog>
    </div>
  );
}

function Running({ running }: { running: NonNullable<BackupState["running"]> }) {
  const { t } = useTranslation("backups");
  const { kind, cluster, startedAt, step, progress } = running;
  const title = kind === "full" && cluster === "keys" ? t("progress.ofKeys") : t(`progress.${kind}`);
  const share = progress === null ? null : Math.round(progress * 100);
  return (
    <div className={styles.running}>
      <p className={styles.title}>
        {share === null && <Loader size={14} aria-hidden />}
        {title}
        {share !== null && <span className={styles.share}>{t("progress.percent", { share })}</span>}
      </p>
      {share !== null && <Progress value={share} size="lg" aria-label={title} />}
      <p role="status">{t(`step.${step}` as "step.copying", { defaultValue: step })}</p>
      <p className={styles.why}>{t("progress.since", { age: ago(startedAt) })}</p>
    </div>
  );
}
