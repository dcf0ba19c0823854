import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Position } from "../../server/platform/schema.ts";
import type { Refusal } from "../ui/faults.ts";
import form from "../ui/form.module.css";

interface PositionFieldsProps {
  position: Position | null;
  onChange: (position: Position | null) => void;
  refusal: Refusal;
}

/**
 * A place in degrees. Kept as typed until both halves are numbers; "53.5411, 9.9871", as maps hand it out, may be
 * pasted into either field.
 */
export function PositionFields({ position, onChange, refusal }: PositionFieldsProps) {
  const { t } = useTranslation("sites");
  const [typed, setTyped] = useState({
    lat: position?.lat.toString() ?? "",
    lon: position?.lon.toString() ?? "",
  });
  const type = (change: Partial<typeof typed>) => {
    const pair = Object.values(change)[0]?.match(/^\s*(-?\d+\.\d+)\s*,\s*(-?\d+\.\d+)\s*$/);
    const now = pair ? { lat: pair[1]!, lon: pair[2]! } : { ...typed, ...change };
    setTyped(now);
    const [lat, lon] = [degrees(now.lat), degrees(now.lon)];
    onChange(lat === null || lon === null ? null : { lat, lon });
  };
  return (
    <div className={form.pair}>
      <TextInput
        label={t("lat")}
        inputMode="decimal"
        value={typed.lat}
        onChange={(event) => type({ lat: event.currentTarget.value })}
        error={refusal.of("position.lat")}
      />
      <TextInput
        label={t("lon")}
        inputMode="decimal"
        value={typed.lon}
        onChange={(event) => type({ lon: event.currentTarget.value })}
        error={refusal.of("position.lon")}
      />
      <p className={form.hint} data-whole>{t("positionHint")}</p>
    </div>
  );
}

function degrees(text: string): number | null {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || Number.isNaN(number) ? null : number;
}
