import { IconExternalLink } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { encode } from "uqr";
import type { TotpEnrolment } from "../../server/access/schema.ts";
import { CopyButton } from "../ui/copy_field.tsx";
import { CodeField } from "./code_field.tsx";
import styles from "./enrolment.module.css";

interface EnrolmentProps {
  enrolment: TotpEnrolment;
  /** The app's first code, which proves that it has the secret. */
  code: string;
  onCode: (code: string) => void;
  error?: string;
  /** Where another code is asked for beside it. */
  codeLabel?: string;
}

/** A TOTP secret to take into an authenticator app, and the code the app then shows. */
export function Enrolment({ enrolment, code, onCode, error, codeLabel }: EnrolmentProps) {
  const { t } = useTranslation("access");
  return (
    <>
      <Secret enrolment={enrolment} />
      <CodeField
        label={codeLabel ?? t("code.label")}
        description={t("code.hint")}
        value={code}
        onChange={onCode}
        error={error}
        digitsOnly
      />
    </>
  );
}

/** By camera, by link on the same phone, or by hand. */
function Secret({ enrolment }: { enrolment: TotpEnrolment }) {
  const { t } = useTranslation("access");
  const groups = enrolment.secret.match(/.{1,4}/g) ?? [];
  return (
    <div className={styles.enrolment}>
      <QrCode text={enrolment.uri} title={t("enrolment.picture")} />
      <div className={styles.words}>
        <p className={styles.scan}>{t("enrolment.scan")}</p>
        <p className={styles.hint}>{t("enrolment.apps")}</p>
        <a className={styles.open} href={enrolment.uri}>
          <IconExternalLink size={16} aria-hidden />
          {t("enrolment.onThisDevice")}
        </a>
        <p className={styles.hint}>{t("enrolment.byHand")}</p>
        <p className={styles.secret}>
          {groups.map((group, position) => <span key={position}>{group}</span>)}
        </p>
        <div>
          <CopyButton text={enrolment.secret} label={t("enrolment.copyKey")} />
        </div>
      </div>
    </div>
  );
}

/**
 * A QR code as one SVG path, dark on light in both colour schemes: many cameras cannot read it inverted. Little error
 * correction, since a screen is not torn, makes coarser squares, which cheap cameras read sooner.
 */
function QrCode({ text, title }: { text: string; title: string }) {
  const { size, path } = useMemo(() => {
    const { size, data } = encode(text, { ecc: "L", border: 2 });
    const dark = data.flatMap((row, y) => row.flatMap((on, x) => on ? [`M${x} ${y}h1v1h-1z`] : []));
    return { size, path: dark.join("") };
  }, [text]);
  return (
    <svg
      className={styles.qr}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={title}
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
