import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconBan,
  IconBell,
  IconChecks,
  IconCircleCheck,
  IconCircleDashed,
  IconMapPin,
  IconPackage,
  IconTruckDelivery,
  IconUserCheck,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { State } from "../../server/deliveries/schema.ts";
import styles from "./state_badge.module.css";
import type { Tone } from "./theme.ts";

type Icon = ComponentType<{ size?: number; stroke?: number; className?: string }>;

/** Each state's tone and icon. The icon and the word carry the meaning; the tone only helps the eye (WCAG 1.4.1). */
export const stateLooks: Record<State, { tone: Tone; icon: Icon }> = {
  unassigned: { tone: "amber", icon: IconCircleDashed },
  offered: { tone: "amber", icon: IconBell },
  assigned: { tone: "blue", icon: IconUserCheck },
  accepted: { tone: "blue", icon: IconChecks },
  loaded: { tone: "violet", icon: IconPackage },
  "in-transit": { tone: "petrol", icon: IconTruckDelivery },
  arrived: { tone: "petrol", icon: IconMapPin },
  completed: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconAlertTriangle },
  returned: { tone: "gray", icon: IconArrowBackUp },
  cancelled: { tone: "gray", icon: IconBan },
};

/** An order's state as icon and word. */
export function StateBadge({ state, size = "sm" }: { state: State; size?: "sm" | "lg" }) {
  const { t } = useTranslation();
  const { tone, icon: Icon } = stateLooks[state];
  return (
    <span className={styles.badge} data-tone={tone} data-size={size}>
      <Icon size={size === "lg" ? 18 : 14} stroke={2} />
      {t(`states.${state}`)}
    </span>
  );
}
