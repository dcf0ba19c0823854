import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { Invitation } from "../../server/access/schema.ts";
import { useMe } from "../session.ts";
import { CopyField } from "../ui/copy_field.tsx";
import { DateText } from "../ui/times.tsx";
import styles from "./invitation_link.module.css";

/** A fresh invitation link, to be sent by whatever means the inviter trusts. */
export function InvitationLink(
  { invitation, name }: { invitation: z.infer<typeof Invitation>; name: string },
) {
  const { t } = useTranslation("access");
  const { timeZone } = useMe().company;
  return (
    <div role="status">
      <CopyField
        label={t("people.link")}
        description={t("people.linkLead", { name })}
        value={invitation.link}
      />
      <p className={styles.until}>
        {t("people.linkUntil")} <DateText at={invitation.expiresAt} timeZone={timeZone} />
      </p>
    </div>
  );
}
