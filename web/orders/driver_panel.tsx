import { TextInput, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconSearch, IconUserOff, IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery, Summary } from "../../server/deliveries/schema.ts";
import type { Driver } from "../../server/drivers/schema.ts";
import { usePutDown } from "./carrying.ts";
import { useDispatching } from "./dispatching.tsx";
import styles from "./driver_panel.module.css";
import type { Places } from "./places.ts";

/** From so many drivers on a field helps to find one. */
const MANY = 10;
type Load = Pick<Summary["byDriver"][number], "open" | "done" | "failed">;
const idle: Load = { open: 0, done: 0, failed: 0 };

interface DriverPanelProps {
  places: Places;
  summary: Summary | undefined;
  /** The site shown; its drivers alone are listed. */
  site: string | undefined;
  chosen: string | undefined;
  onChoose: (driver: string | undefined) => void;
  /** Whether orders can be dropped here. */
  droppable: boolean;
}

/** The drivers with their day's work: pick one to see their orders, drop orders on one to assign them. */
export function DriverPanel({ places, summary, site, chosen, onChoose, droppable }: DriverPanelProps) {
  const { t } = useTranslation("orders");
  const [text, setText] = useState("");
  const loads = useMemo(() => new Map(summary?.byDriver.map((load) => [load.driverId, load])), [summary]);
  const drivers = useMemo(() => driversToShow(places, loads, site), [places, loads, site]);
  const found = drivers.filter(({ name }) => (name ?? "").toLowerCase().includes(text.trim().toLowerCase()));
  const choose = (driver: string) => onChoose(driver === chosen ? undefined : driver);
  return (
    <div className={styles.drivers}>
      <div className={styles.head}>
        <h2 id="drivers-title">{t("drivers.title")}</h2>
        {droppable && <p className={styles.hint}>{t("drivers.hint")}</p>}
        {drivers.length > MANY && (
          <TextInput
            size="xs"
            aria-label={t("drivers.find")}
            placeholder={t("drivers.find")}
            leftSection={<IconSearch size={14} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </div>
      <ul className={styles.list} aria-labelledby="drivers-title">
        <DriverEntry
          driverId={null}
          name={t("nobody")}
          load={loads.get(null) ?? idle}
          pressed={chosen === "none"}
          onPress={() => choose("none")}
          droppable={droppable}
        />
        {found.map((driver) => (
          <DriverEntry
            key={driver.id}
            driverId={driver.id}
            name={driver.name ?? t("erasedDriver")}
            site={site === undefined && places.sites.size > 1
              ? places.sites.get(driver.siteId)?.name
              : undefined}
            load={loads.get(driver.id) ?? idle}
            pressed={chosen === driver.id}
            onPress={() => choose(driver.id)}
            droppable={droppable && driver.active}
          />
        ))}
        {found.length === 0 && text !== "" && <li className={styles.none}>{t("drivers.none")}</li>}
      </ul>
    </div>
  );
}

interface DriverEntryProps {
  driverId: string | null;
  name: string;
  site?: string;
  load: Load;
  pressed: boolean;
  onPress: () => void;
  droppable: boolean;
}

function DriverEntry({ driverId, name, site, load, pressed, onPress, droppable }: DriverEntryProps) {
  const { t } = useTranslation("orders");
  const { assign } = useDispatching();
  const { hovered, target } = usePutDown((orders: readonly Delivery[]) => void assign(orders, driverId));
  const { open, done, failed } = load;
  return (
    <li {...(droppable ? target : {})}>
      <UnstyledButton
        className={styles.driver}
        aria-pressed={pressed}
        data-hovered={hovered || undefined}
        onClick={onPress}
      >
        <span className={styles.avatar} data-nobody={driverId === null || undefined} aria-hidden>
          {driverId === null ? <IconUserOff size={15} /> : initialsOf(name)}
        </span>
        <span className={styles.words}>
          <span className={styles.name}>{name}</span>
          {(site !== undefined || done + failed > 0) && driverId !== null && (
            <span className={styles.under}>
              {site !== undefined && <span className={styles.site}>{site}</span>}
              {done > 0 && (
                <span className={styles.done}>
                  <IconCheck size={13} stroke={2.5} aria-hidden />
                  {done} <VisuallyHidden>{t("drivers.done")}</VisuallyHidden>
                </span>
              )}
              {failed > 0 && (
                <span className={styles.failed}>
                  <IconX size={13} stroke={2.5} aria-hidden />
                  {failed} <VisuallyHidden>{t("drivers.failed")}</VisuallyHidden>
                </span>
              )}
            </span>
          )}
        </span>
        <span className={styles.open} data-idle={open === 0 || undefined}>
          {open}
          <span className={styles.unit}>{t("drivers.open")}</span>
        </span>
        {driverId !== null && open + done + failed > 0 && (
          <span className={styles.bar} aria-hidden>
            <span className={styles.barDone} style={{ flexGrow: done }} />
            <span className={styles.barFailed} style={{ flexGrow: failed }} />
            <span style={{ flexGrow: open }} />
          </span>
        )}
      </UnstyledButton>
    </li>
  );
}

/** Those who drive, and those who no longer do but have orders on this day; the busiest first. */
export function driversToShow(
  { drivers }: Places,
  loads: ReadonlyMap<string | null, Load>,
  site: string | undefined,
): Driver[] {
  const weight = ({ id }: Driver) => loads.get(id)?.open ?? 0;
  return [...drivers.values()]
    .filter(({ id, active, siteId }) => (active || loads.has(id)) && (site === undefined || siteId === site))
    .sort((a, b) => weight(b) - weight(a) || (a.name ?? "").localeCompare(b.name ?? ""));
}

const initialsOf = (name: string): string => {
  const words = name.split(/\s+/).filter(Boolean);
  return [words.at(0), words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? "").join("")
    .toUpperCase();
};
