import { Button } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import form from "../ui/form.module.css";
import styles from "./others.module.css";

/** Folds away the ways to sign in that few should take. */
export function Others({ children }: { children: ReactNode }) {
  const { t } = useTranslation("access");
  const [unfolded, setUnfolded] = useState(false);
  const id = useId();
  return (
    <>
      <Button
        className={styles.others}
        variant="subtle"
        onClick={() => setUnfolded(!unfolded)}
        aria-expanded={unfolded}
        aria-controls={unfolded ? id : undefined}
        rightSection={<IconChevronDown className={styles.fold} size={16} aria-hidden />}
      >
        {t("companySignIn.others")}
      </Button>
      {unfolded && <div id={id} className={form.form}>{children}</div>}
    </>
  );
}
