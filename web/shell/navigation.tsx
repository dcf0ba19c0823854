import {
  IconBuildingWarehouse,
  IconFileImport,
  IconHistory,
  IconId,
  IconListDetails,
  IconLogin2,
  IconPlugConnected,
  IconRoute,
  IconSettings,
  IconShieldCheck,
  IconTruck,
  IconUsers,
} from "@tabler/icons-react";
import { Link, useMatch } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { Right } from "../../server/access/rights.ts";
import { useMe } from "../session.ts";
import styles from "./navigation.module.css";

interface Entry {
  to:
    | "/"
    | "/imports"
    | "/driver"
    | "/drivers"
    | "/vehicles"
    | "/sites"
    | "/people"
    | "/keys"
    | "/single-sign-on"
    | "/company"
    | "/backups"
    | "/audit";
  word:
    | "orders"
    | "imports"
    | "driver"
    | "drivers"
    | "vehicles"
    | "sites"
    | "people"
    | "keys"
    | "singleSignOn"
    | "company"
    | "backups"
    | "audit";
  right: Right;
  icon: ComponentType<{ size?: number; stroke?: number }>;
}

/** The product's pages by the rhythm of use: what is worked in all day first. */
const groups: { word: "work" | "fleet" | "organisation"; entries: Entry[] }[] = [
  {
    word: "work",
    entries: [
      { to: "/", word: "orders", right: "orders.read", icon: IconListDetails },
      { to: "/imports", word: "imports", right: "orders.write", icon: IconFileImport },
      { to: "/driver", word: "driver", right: "orders.drive", icon: IconRoute },
    ],
  },
  {
    word: "fleet",
    entries: [
      { to: "/drivers", word: "drivers", right: "drivers.read", icon: IconId },
      { to: "/vehicles", word: "vehicles", right: "drivers.read", icon: IconTruck },
    ],
  },
  {
    word: "organisation",
    entries: [
      { to: "/sites", word: "sites", right: "sites.write", icon: IconBuildingWarehouse },
      { to: "/people", word: "people", right: "accounts.read", icon: IconUsers },
      { to: "/keys", word: "keys", right: "keys.read", icon: IconPlugConnected },
      { to: "/single-sign-on", word: "singleSignOn", right: "sso.read", icon: IconLogin2 },
      { to: "/company", word: "company", right: "company.write", icon: IconSettings },
      { to: "/backups", word: "backups", right: "backups.read", icon: IconShieldCheck },
      { to: "/audit", word: "audit", right: "audit.read", icon: IconHistory },
    ],
  },
];

/** Links to every page the signed-in person may open. */
export function Navigation({ onLeave }: { onLeave?: () => void }) {
  const { t } = useTranslation();
  const { rights } = useMe();
  // An order open beside the board has an address of its own; the board is still where the reader is.
  const board = useMatch({ from: "/signed-in/board", shouldThrow: false });
  return (
    <nav className={styles.navigation} aria-label={t("navigation.label")}>
      {groups.map(({ word, entries }) => {
        const open = entries.filter(({ right }) => rights.includes(right));
        if (open.length === 0) return null;
        return (
          <div key={word} className={styles.group}>
            <p className={styles.heading} id={`navigation-${word}`}>{t(`navigation.${word}`)}</p>
            <ul className={styles.list} aria-labelledby={`navigation-${word}`}>
              {open.map(({ to, word, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    className={styles.link}
                    activeOptions={{ exact: to === "/", includeSearch: false }}
                    aria-current={to === "/" && board !== undefined ? "page" : undefined}
                    onClick={onLeave}
                  >
                    <Icon size={18} stroke={1.75} />
                    {t(`navigation.${word}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}
