import { Button, type ButtonProps, Combobox, useCombobox } from "@mantine/core";
import { IconSteeringWheel } from "@tabler/icons-react";
import { type ReactNode, type Ref, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Summary } from "../../server/deliveries/schema.ts";
import styles from "./driver_choice.module.css";
import { driversToShow } from "./driver_panel.tsx";
import type { Places } from "./places.ts";

interface DriverChoiceProps {
  ref?: Ref<HTMLButtonElement>;
  label: ReactNode;
  places: Places;
  /** How many open orders each driver has; left out when unknown. */
  summary: Summary | undefined;
  /** The site the orders belong to, when it is one only: others' drivers would be refused. */
  site: string | undefined;
  onChoose: (driverId: string) => void;
  buttonProps?: ButtonProps;
}

/** A button that opens the drivers with a search among them. */
export function DriverChoice(
  { ref, label, places, summary, site, onChoose, buttonProps }: DriverChoiceProps,
) {
  const { t } = useTranslation("orders");
  const [text, setText] = useState("");
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setText("");
    },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const loads = useMemo(() => new Map(summary?.byDriver.map((load) => [load.driverId, load])), [summary]);
  const drivers = useMemo(
    () => driversToShow(places, loads, site).filter(({ active }) => active),
    [places, loads, site],
  );
  const found = drivers.filter(({ name }) => (name ?? "").toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <Combobox
      store={combobox}
      width={300}
      position="bottom-start"
      withinPortal={false}
      onOptionSubmit={(driverId) => {
        combobox.closeDropdown();
        onChoose(driverId);
      }}
    >
      <Combobox.Target targetType="button">
        <Button
          ref={ref}
          leftSection={<IconSteeringWheel size={16} aria-hidden />}
          onClick={() => combobox.toggleDropdown()}
          {...buttonProps}
        >
          {label}
        </Button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          role="combobox"
          aria-expanded={combobox.dropdownOpened}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
          aria-label={t("drivers.find")}
          placeholder={t("drivers.find")}
        />
        <Combobox.Options className={styles.options} aria-label={t("drivers.title")}>
          {found.map(({ id, name, siteId }) => (
            <Combobox.Option key={id} value={id}>
              <span className={styles.driver}>
                <span className={styles.name}>{name ?? t("erasedDriver")}</span>
                {site === undefined && places.sites.size > 1 && (
                  <span className={styles.site}>{places.sites.get(siteId)?.name}</span>
                )}
                {summary !== undefined && (
                  <span className={styles.load}>
                    {t("drivers.load", { count: loads.get(id)?.open ?? 0 })}
                  </span>
                )}
              </span>
            </Combobox.Option>
          ))}
          {found.length === 0 && <Combobox.Empty>{t("drivers.none")}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
