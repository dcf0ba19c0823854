import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fault, Import } from "../../server/deliveries/import/schema.ts";
import { Panel } from "../ui/panel.tsx";
import styles from "./fault_list.module.css";

/** Lines shown before somebody asks for the rest. */
const FIRST = 8;

interface FaultListProps {
  report: Pick<Import, "faults" | "faultCount" | "leftOutCount">;
  /** Whether the import has run. */
  done?: boolean;
}

/** Every row that is not imported, with its place in the file and the reason; what is rightly left out apart. */
export function FaultList({ report: { faults, faultCount, leftOutCount }, done = false }: FaultListProps) {
  const { t } = useTranslation("imports");
  return (
    <>
      {faultCount > 0 && (
        <Panel
          title={t("faults.title", { count: faultCount })}
          lead={t(done ? "faults.leadDone" : "faults.lead")}
          flush
        >
          <FaultTable
            faults={faults.filter(({ kind }) => kind === "fault")}
            count={faultCount}
            label={t("faults.title", { count: faultCount })}
            reason={t("faults.reason")}
          />
        </Panel>
      )}
      {leftOutCount > 0 && (
        <Panel
          title={t("faults.leftOutTitle", { count: leftOutCount })}
          lead={t("faults.leftOutLead")}
          flush
        >
          <FaultTable
            faults={faults.filter(({ kind }) => kind === "left-out")}
            count={leftOutCount}
            label={t("faults.leftOutTitle", { count: leftOutCount })}
            reason={t("faults.leftOutReason")}
          />
        </Panel>
      )}
    </>
  );
}

interface FaultTableProps {
  faults: Fault[];
  /** How many there are in all, of which `faults` are the first. */
  count: number;
  label: string;
  reason: string;
}

function FaultTable({ faults, count, label, reason }: FaultTableProps) {
  const { t } = useTranslation("imports");
  const [all, setAll] = useState(false);
  const shown = all ? faults : faults.slice(0, FIRST);
  return (
    <>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col" className={styles.line}>{t("faults.line")}</th>
            <th scope="col">{t("faults.column")}</th>
            <th scope="col">{reason}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((fault, at) => (
            <tr key={at}>
              <td className={styles.line}>
                <span className={styles.phoneOnly}>{t("faults.line")}</span> {fault.line}
              </td>
              <td className={styles.column}>{fault.column ?? t("faults.wholeRow")}</td>
              <td>{fault.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(shown.length < faults.length || count > faults.length) && (
        <div className={styles.foot}>
          {shown.length < faults.length && (
            <Button variant="default" size="xs" onClick={() => setAll(true)}>
              {t("faults.all", { count: faults.length - shown.length })}
            </Button>
          )}
          {count > faults.length && <span>{t("faults.more", { count: count - faults.length })}</span>}
        </div>
      )}
    </>
  );
}
