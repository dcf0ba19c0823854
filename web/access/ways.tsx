import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Others } from "./others.tsx";
import styles from "./sign_in_page.module.css";

export type Way = "password" | "provider" | "passkey";

interface WaysProps {
  /** The one that is asked for; the others are then folded. */
  leading: Way | null;
  /** What each shows; false where it is not there. */
  ways: Record<Way, ReactNode>;
}

/** The ways to sign in: the one that is asked for before the others, or the password's fields and what can replace them. */
export function Ways({ leading, ways }: WaysProps) {
  const { t } = useTranslation("access");
  const others = (["password", "provider", "passkey"] as const)
    .filter((way) => way !== leading && Boolean(ways[way]));
  const listed = others.map((way, index) => (
    <Fragment key={way}>
      {index > 0 && others[index - 1] === "password" && <p className={styles.or}>{t("passkeys.or")}</p>}
      {ways[way]}
    </Fragment>
  ));
  if (leading === null || !ways[leading]) return listed;
  return (
    <>
      {ways[leading]}
      <Others>{listed}</Others>
    </>
  );
}
