import { Drawer, UnstyledButton } from "@mantine/core";
import { IconMenu2, IconPlugConnectedX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ElevationBanner } from "../access/elevation_banner.tsx";
import { FreshProof } from "../access/fresh_proof.tsx";
import { useConnected, useLive } from "../live.ts";
import { useMe } from "../session.ts";
import { AccountMenu } from "./account_menu.tsx";
import { Brand } from "./brand.tsx";
import { InMain } from "./in_main.ts";
import { Navigation } from "./navigation.tsx";
import styles from "./signed_in_shell.module.css";

/**
 * The frame of every page behind the sign-in: a rail of pages on wide screens, a bar with a menu on narrow ones. A
 * driver has one page to work in, so their screens keep the bar at every width.
 */
export function SignedInShell() {
  const { t } = useTranslation();
  const me = useMe();
  useLive(useQueryClient());
  useFocusOnArrival();
  useLayoutEffect(tellScrollbarWidth, []);
  const railed = me.role !== "driver";
  return (
    <div className={styles.shell} data-railed={railed || undefined}>
      <a className={styles.skip} href="#content">{t("skipToContent")}</a>
      {railed && (
        <aside className={styles.rail}>
          <div className={styles.mark}>
            <Brand />
          </div>
          <p className={styles.company}>{me.company.name}</p>
          <Navigation />
          <div className={styles.foot}>
            <AccountMenu />
          </div>
        </aside>
      )}
      <header className={styles.bar}>
        {railed ? <NavigationDrawer /> : null}
        <Brand />
        <AccountMenu compact />
      </header>
      <div className={styles.status}>
        <Reconnecting />
        <ElevationBanner />
      </div>
      <FreshProof />
      <main id="content" className={styles.main} tabIndex={-1}>
        <InMain value>
          <Outlet />
        </InMain>
      </main>
    </div>
  );
}

function NavigationDrawer() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <UnstyledButton
        className={styles.menuButton}
        aria-label={t("navigation.open")}
        aria-expanded={opened}
        onClick={() => setOpened(true)}
      >
        <IconMenu2 size={22} />
      </UnstyledButton>
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        position="left"
        size="17rem"
        title={<Brand />}
        closeButtonProps={{ "aria-label": t("close") }}
        classNames={{ content: styles.drawer, header: styles.drawerHeader, close: styles.drawerClose }}
      >
        <Navigation onLeave={() => setOpened(false)} />
      </Drawer>
    </>
  );
}

function Reconnecting() {
  const { t } = useTranslation();
  const connected = useConnected();
  return (
    <div role="status">
      {!connected && (
        <p className={styles.reconnecting}>
          <IconPlugConnectedX size={16} aria-hidden />
          <strong>{t("live.reconnecting")}</strong> {t("live.reconnectingHint")}
        </p>
      )}
    </div>
  );
}

/** For the style sheet, which cannot know how wide the strip is that the page keeps for its scroll bar. */
function tellScrollbarWidth(): void {
  const { clientWidth, style } = document.documentElement;
  style.setProperty("--scrollbar-width", `${globalThis.innerWidth - clientWidth}px`);
}

/** A new page starts at its heading for those who hear the screen; the first page leaves the focus alone. */
function useFocusOnArrival(): void {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const first = useRef(true);
  useEffect(() => {
    if (path === undefined) return;
    if (first.current) first.current = false;
    // The board's list keeps it while orders are opened beside it.
    else if (!document.activeElement?.matches("[data-keeps-focus]")) {
      document.getElementById("page-title")?.focus({ preventScroll: true });
    }
  }, [path]);
}
