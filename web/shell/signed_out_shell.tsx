import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Brand } from "./brand.tsx";
import { InMain } from "./in_main.ts";
import styles from "./signed_out_shell.module.css";

interface SignedOutShellProps {
  children: ReactNode;
  /** For pages that hold more than a short form. */
  wide?: boolean;
}

/** The frame of the pages before the sign-in: what this is at the side, the one thing to do in the middle. */
export function SignedOutShell({ children, wide = false }: SignedOutShellProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.shell}>
      <header className={styles.side}>
        <Brand />
        <p className={styles.claim}>{t("claim")}</p>
        <Roads />
      </header>
      <main className={styles.main}>
        <div className={styles.content} data-wide={wide || undefined}>
          <InMain value>{children}</InMain>
        </div>
      </main>
    </div>
  );
}

/** Stops joined by a route: the product's work as a quiet picture. */
function Roads() {
  return (
    <svg className={styles.roads} viewBox="0 0 360 420" preserveAspectRatio="xMidYMax slice" aria-hidden>
      <g fill="none" stroke="currentColor" strokeWidth="1.5">
        <path d="M-20 60C60 70 90 130 180 120s150-40 220-10M-20 190c90-30 120 40 190 40s120-60 210-40M-20 330c80-40 150 10 220-20s110-50 180-30M70-20c10 110-30 160 0 240s-10 140 20 220M250-20c-30 90 30 150 0 230s20 130-10 230" />
      </g>
      <path
        className={styles.route}
        d="M59 162C59 180 62 199 70 220C83 254 83 285 81 315C122 319 161 327 200 310C215 304 229 298 242 292C239 266 239 240 250 210C256 194 258 179 259 164"
        fill="none"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      {[[59, 162], [81, 315], [200, 310], [259, 164]].map(([x, y]) => (
        <circle key={`${x} ${y}`} className={styles.stop} cx={x} cy={y} r="6" strokeWidth="3" />
      ))}
    </svg>
  );
}
