import { CloseButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { type ComponentProps, createContext, type ReactNode, use, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useDocumentTitle } from "../ui/page_header.tsx";
import styles from "./beside_panel.module.css";
import { BESIDE } from "./orders_page.tsx";

interface BesidePanelProps {
  title: string;
  /** Under the title: the state, the day. */
  lead?: ReactNode;
  /** Buttons that stay in reach while the rest scrolls. */
  foot?: ReactNode;
  children: ReactNode;
}

/** The headings' level follows the title's, which is the page's own on narrow screens. */
const Level = createContext<"h2" | "h3">("h3");

/** A heading within the panel. */
export function PanelHeading(props: ComponentProps<"h3">) {
  const Heading = use(Level);
  return <Heading {...props} />;
}

/** What is open: a panel beside the board where there is room, a page of its own where there is not. */
export function BesidePanel({ title, lead, foot, children }: BesidePanelProps) {
  const { t } = useTranslation("orders");
  const beside = useMediaQuery(BESIDE, true, { getInitialValueInEffect: false });
  const navigate = useNavigate();
  const heading = useRef<HTMLHeadingElement>(null);
  const byKeyboard = useRouterState({ select: ({ location }) => location.state.focusOrder === true });
  useDocumentTitle(title);
  useEffect(() => {
    // Whoever clicks a row goes on in the list; everybody else has come here.
    const inList = document.activeElement?.matches("[data-keeps-focus]") === true;
    if (byKeyboard || !inList) heading.current?.focus({ preventScroll: true });
  }, [title, byKeyboard]);

  const close = () => {
    document.querySelector<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true });
    void navigate({ to: "/", search: true });
  };
  const Heading = beside ? "h2" : "h1";
  return (
    <section
      className={styles.panel}
      data-beside={beside || undefined}
      aria-label={title}
    >
      <header className={styles.head}>
        {!beside && (
          <Link to="/" search className={styles.back}>
            <IconArrowLeft size={18} aria-hidden /> {t("title")}
          </Link>
        )}
        <div className={styles.words}>
          <Heading
            ref={heading}
            id="page-title"
            tabIndex={-1}
            className={styles.title}
          >
            {title}
          </Heading>
          {lead}
        </div>
        {beside && <CloseButton className={styles.close} aria-label={t("close")} onClick={close} />}
      </header>
      <div className={styles.body} tabIndex={beside ? 0 : undefined}>
        <Level value={beside ? "h3" : "h2"}>{children}</Level>
      </div>
      {foot !== undefined && <footer className={styles.foot}>{foot}</footer>}
    </section>
  );
}
