import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import styles from "./loading_rows.module.css";

interface LoadingRowsProps {
  rows?: number;
  /** The height of the rows that will stand here, in pixels, so that nothing moves when they come. */
  height?: number;
}

/** A list's shape while it loads. */
export function LoadingRows({ rows = 8, height = 48 }: LoadingRowsProps) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={styles.row} style={{ height }}>
          <Skeleton height={12} width={`${[38, 52, 44, 60, 34][row % 5]}%`} />
          <Skeleton height={12} width="16%" />
          <Skeleton height={12} width="10%" />
        </div>
      ))}
    </div>
  );
}
