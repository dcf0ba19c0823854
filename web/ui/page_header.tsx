import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import styles from "./page_header.module.css";

interface PageHeaderProps {
  title: string;
  /** One sentence under the title, where the title alone does not explain the page. */
  lead?: ReactNode;
  /** Buttons at the end of the line; the primary one last. */
  actions?: ReactNode;
  /** A link back to the list, above the title. */
  back?: ReactNode;
}

/** The page's only h1; also names the document. */
export function PageHeader({ title, lead, actions, back }: PageHeaderProps) {
  useDocumentTitle(title);
  return (
    <header className={styles.header}>
      <div className={styles.words}>
        {back}
        <h1 id="page-title" tabIndex={-1}>{title}</h1>
        {lead !== undefined && <p className={styles.lead}>{lead}</p>}
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}

/** Sets the document's title, the product's name last, so that tabs and screen readers hear the page first. */
export function useDocumentTitle(title: string): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("product")}`;
  }, [title, t]);
}
