import { UnstyledButton } from "@mantine/core";
import { IconCamera, IconX } from "@tabler/icons-react";
import { type ChangeEvent, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { cleanPhoto } from "./photo.ts";
import styles from "./photo_field.module.css";

/** A photo taken but not sent; the id is made with it, and sent with it however often. */
export interface Photo {
  id: string;
  content: Blob;
}

interface PhotoFieldProps {
  label: string;
  photos: Photo[];
  onAdd: (content: Blob) => void;
  onRemove?: (id: string) => void;
  error?: string;
}

/** Takes photos with the phone's camera, or from its gallery. */
export function PhotoField({ label, photos, onAdd, onRemove, error }: PhotoFieldProps) {
  const { t } = useTranslation("driverApp");
  const id = useId();
  const [state, setState] = useState<"ready" | "busy" | "unreadable">("ready");

  const take = async (event: ChangeEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const file = field.files?.[0];
    if (file === undefined) return;
    setState("busy");
    try {
      onAdd(await cleanPhoto(file));
      setState("ready");
    } catch {
      setState("unreadable");
    } finally {
      // So that the same file can be chosen again.
      field.value = "";
    }
  };
  const fault = state === "unreadable" ? t("photo.unreadable") : error;

  return (
    <div className={styles.photos}>
      {photos.length > 0 && (
        <ul className={styles.taken}>
          {photos.map((photo, index) => (
            <li key={photo.id}>
              <Preview photo={photo} label={t("photo.number", { number: index + 1 })} />
              {onRemove !== undefined && (
                <UnstyledButton
                  className={styles.remove}
                  aria-label={t("photo.remove", { number: index + 1 })}
                  onClick={() => onRemove(photo.id)}
                >
                  <IconX size={20} />
                </UnstyledButton>
              )}
            </li>
          ))}
        </ul>
      )}
      <input
        id={id}
        className={styles.file}
        type="file"
        accept="image/*"
        capture="environment"
        disabled={state === "busy"}
        aria-invalid={fault !== undefined || undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        onChange={take}
      />
      <label htmlFor={id} className={styles.take}>
        <IconCamera size={22} aria-hidden />
        {state === "busy" ? t("photo.busy") : photos.length > 0 ? t("photo.another") : label}
      </label>
      {fault !== undefined && <p id={`${id}-fault`} className={styles.fault} role="alert">{fault}</p>}
    </div>
  );
}

function Preview({ photo, label }: { photo: Photo; label: string }) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(photo.content);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [photo.content]);
  return address === undefined ? null : <img className={styles.preview} src={address} alt={label} />;
}
