import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "../../server/audit/schema.ts";
import { useMe } from "../session.ts";
import { moment } from "../ui/times.tsx";
import { idOf, type Piece, piecesOf, variantOf } from "./sentence.ts";
import styles from "./entry.module.css";

/** An entry as a sentence, built from its act and facts; what it names leads to the thing. */
export function EntrySentence({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation("audit");
  const { count, context } = variantOf(entry);
  // Slots stay as they are written, because they become links, which no string can hold.
  const written = t as unknown as (keys: string[], options: object) => string;
  const sentence = written([`sentences.${entry.act}`, "sentences.other"], {
    count,
    context,
    skipInterpolation: true,
  });
  const slots = useSlots(entry);
  return (
    <span className={styles.sentence}>
      {piecesOf(sentence).map((piece, index) => <Fragment key={index}>{show(piece)}</Fragment>)}
    </span>
  );

  function show(piece: Piece): ReactNode {
    if ("words" in piece) return piece.words;
    if (piece.slot === "count") return count;
    return slots(piece.slot) ?? t("unknown");
  }
}

/** What each slot of a sentence shows. */
function useSlots(entry: AuditEntry): (slot: string) => ReactNode {
  const { t } = useTranslation(["audit", "backups", "common"]);
  const { timeZone } = useMe().company;
  const { act, actorId, detail, names } = entry;
  const plain = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : null;
  const word = (family: string, value: unknown) => {
    const text = plain(value);
    return text && t(`${family}.${text}` as "unknown", { defaultValue: text.replaceAll("-", " ") });
  };
  return (slot) => {
    const id = idOf(entry, slot);
    if (slot === "actor" && actorId === null) return <Somebody via={plain(detail.via)} />;
    if (id !== null) {
      // What is removed has no name any more, but the entry says what it was called in addresses.
      const known = plain(detail.slug);
      const named = slot === "provider" && known && names[id] === undefined ? { [id]: known } : names;
      return <Named id={id} slot={slot === "thing" ? act.split(".")[0]! : slot} names={named} />;
    }
    switch (slot) {
      case "act":
        return act;
      case "role":
        return word("common:roles", detail.role);
      case "outcome":
        return word("driverApp:outcomes", detail.outcome);
      case "from":
      case "to":
        return word("common:states", detail[slot]);
      case "reason":
        // As it stands there, since whoever was refused was shown the same word.
        return act.startsWith("sso.") ? plain(detail.reason) : word("reasons", detail.reason);
      case "kind":
        return word("kinds", detail.kind);
      case "cluster":
        return word("clusters", detail.cluster);
      case "promise":
        return word("backups:promises", detail.promise);
      case "by":
        return act.startsWith("sso.") ? plain(detail.by) : word("channels", detail.by);
      case "roles":
      case "ssoOnly":
      case "passkey": {
        const roles = Array.isArray(detail[slot]) ? detail[slot] : [];
        return roles.length === 0 ? t("nobody") : roles.map((role) => word("common:roles", role)).join(", ");
      }
      case "services":
        return Array.isArray(detail.services) ? detail.services.join(", ") : t("everyService");
      case "happenedAt":
        return moment(String(detail.happenedAt), timeZone);
      case "number":
        return plain(detail.count);
      case "fields": {
        const fields = Array.isArray(detail.fields) ? detail.fields : [];
        return fields.map((field) => t(`fields.${field}` as "unknown", { defaultValue: String(field) }))
          .join(", ");
      }
      default:
        return plain(detail[slot]);
    }
  };
}

function Somebody({ via }: { via: string | null }) {
  const { t } = useTranslation("audit");
  if (via === "tracking-link") return t("somebody.visitor");
  if (via === "single sign-on" || via === "back-channel logout") return t("somebody.singleSignOn");
  if (via === null || via === "request" || via === "sign-in" || via.includes(" ")) {
    return t("somebody.request");
  }
  return t("somebody.system", { via });
}

/** A thing's name: a link where it has a page of its own, "erased" where the person's key is gone. */
function Named({ id, slot, names }: { id: string; slot: string; names: AuditEntry["names"] }) {
  const { t } = useTranslation(["audit", "common"]);
  const name = names[id];
  if (name === null) return <em className={styles.erased}>{t("common:erased")}</em>;
  const shown = name ?? `…${id.slice(-6)}`;
  if (slot === "delivery" || slot === "tracking") {
    return <Link to="/orders/$orderId" params={{ orderId: id }} className={styles.name}>{shown}</Link>;
  }
  if (slot === "driver" || slot === "fromDriver") {
    return <Link to="/drivers" className={styles.name}>{shown}</Link>;
  }
  return <strong className={styles.name}>{shown}</strong>;
}
