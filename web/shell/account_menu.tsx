import { Menu, UnstyledButton, VisuallyHidden } from "@mantine/core";
import {
  IconChevronDown,
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSun,
  IconUserCog,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { z } from "zod";
import type { MaybeGoThere } from "../../server/access/sso/schema.ts";
import { leaveNote } from "../access/trip_note.ts";
import { api } from "../api.ts";
import { useMe } from "../session.ts";
import { useColourScheme } from "../ui/colour_scheme.ts";
import { tellProblem } from "../ui/notices.ts";
import { useProblemWords } from "../ui/problem_notice.tsx";
import styles from "./account_menu.module.css";

const schemes = [
  { scheme: "auto", icon: IconDeviceDesktop },
  { scheme: "light", icon: IconSun },
  { scheme: "dark", icon: IconMoon },
] as const;

/** Who is signed in; their account, the colours of the screen, and the way out. */
export function AccountMenu({ compact = false }: { compact?: boolean }) {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [chosen, choose] = useColourScheme();
  const name = me.name ?? me.email ?? t("erased");
  return (
    <Menu width={232} position={compact ? "bottom-end" : "top-start"}>
      <Menu.Target>
        <UnstyledButton className={styles.target} data-compact={compact || undefined}>
          <VisuallyHidden>{t("account.menu")}</VisuallyHidden>
          <span className={styles.initials} aria-hidden>{initials(name)}</span>
          {!compact && (
            <span className={styles.who}>
              <span className={styles.name}>{name}</span>
              <span className={styles.role}>{t(`roles.${me.role}`)}</span>
            </span>
          )}
          {!compact && <IconChevronDown size={16} aria-hidden />}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconUserCog size={16} />} onClick={() => navigate({ to: "/account" })}>
          {t("account.open")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("account.colours")}</Menu.Label>
        <Menu.RadioGroup value={chosen} onChange={(scheme) => choose(scheme as typeof chosen)}>
          {schemes.map(({ scheme, icon: Icon }) => (
            <Menu.RadioItem
              key={scheme}
              value={scheme}
              closeMenuOnClick={false}
              rightSection={<Icon size={16} />}
            >
              {t(`account.${scheme}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>{t("account.signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Signs out here, and by the provider's own page there, if the session began with one. */
function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const words = useProblemWords();
  return async () => {
    let there: string | null;
    try {
      there = (await api.post<z.infer<typeof MaybeGoThere>>("/sso/sign-out")).location;
    } catch (problem) {
      return tellProblem(words(problem));
    }
    // First, so that going back in the browser shows nothing of theirs.
    await navigate({ to: "/sign-in", search: { reason: "signed-out" } });
    queries.clear();
    if (there === null) return;
    // Once the page is left: the one shown until then would take it as meant for it.
    addEventListener("pagehide", () => leaveNote({ signedOut: true }), { once: true });
    location.assign(there);
  };
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return ends.map((word) => Array.from(word ?? "")[0] ?? "").join("").toLocaleUpperCase();
}
