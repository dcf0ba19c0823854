import { useTranslation } from "react-i18next";
import type { Verdict } from "../../server/backups/schema.ts";
import { useMe } from "../session.ts";
import { moment } from "../ui/times.tsx";
import { ago, duration, size } from "./measures.ts";

/** Puts verdicts into words: the figure that proves a promise, and why it is broken. */
export function useVerdictWords() {
  const { t } = useTranslation("backups");
  const { timeZone } = useMe().company;

  const figureOf = ({ promise, figure, provenAt }: Verdict): string | null => {
    if (provenAt === null && figure === null || promise === "told") return null;
    const value = figure?.value ?? 0;
    const words = {
      ago: provenAt === null ? t("never") : ago(provenAt),
      size: size(value),
      duration: duration(value),
      count: value,
    };
    if (figure === null && promise !== "gap") return words.ago;
    if (promise === "verified" && provenAt === null) return t("figure.verifiedFirst", words);
    return t(`figure.${promise}`, words);
  };

  const shown = (name: string, value: string | number): string => {
    if (name === "at" || name.endsWith("At")) return moment(String(value), timeZone);
    if (name === "seconds") return duration(Number(value));
    if (name === "bytes") return size(Number(value));
    if (name === "cluster") return t(`cluster.${value}` as "cluster.data");
    if (name === "by") return t(`channel.${value}` as "channel.mail");
    if (name === "why") {
      const [, fault, status] = /^(.*?)(?:-(\d{3}))?$/.exec(String(value))!;
      const words = t(`why.${fault}` as "why.status", { defaultValue: fault });
      return status === undefined ? words : `${words} (${status})`;
    }
    return String(value);
  };

  const reasonOf = ({ reason }: Verdict): { so: string; next: string } | null => {
    if (!reason) return null;
    const facts = Object.fromEntries(
      Object.entries(reason.facts).map(([name, value]) => [name, shown(name, value)]),
    );
    const words = { at: t("never"), ...facts };
    return { so: t(`reasons.${reason.code}.so`, words), next: t(`reasons.${reason.code}.next`, words) };
  };

  return { figureOf, reasonOf };
}
