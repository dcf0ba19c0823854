import { useTranslation } from "react-i18next";
import styles from "./brand.module.css";

/** The mark (a keep whose gate is a road) and the product's name. */
export function Brand() {
  const { t } = useTranslation();
  return (
    <span className={styles.brand}>
      <BrandMark />
      {t("product")}
    </span>
  );
}

function BrandMark() {
  return (
    <svg className={styles.mark} viewBox="12 15 40 38" aria-hidden>
      <path d="M14 17h8v6h6v-6h8v6h6v-6h8v13c0 11-7 17-18 21-11-4-18-10-18-21z" fill="currentColor" />
      <path
        className={styles.gate}
        d="M32 30c4.400 0 7 3 7 7v9.300c-2 1.300-4.300 2.300-7 3.300-2.700-1-5-2-7-3.300V37c0-4 2.600-7 7-7z"
      />
      <path d="M31 33.500h2v3.500h-2zM31 39.500h2v3.500h-2zM31 45h2v3h-2z" fill="currentColor" />
    </svg>
  );
}
