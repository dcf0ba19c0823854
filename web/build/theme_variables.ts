import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";
import type { Plugin } from "vite";
import { palette, theme, tokens } from "../ui/theme.ts";

/**
 * Fills ui/theme_variables.css from ui/theme.ts. Mantine would write the same variables into a <style> element at
 * run time, which the CSP forbids (`style-src 'self'`, no nonce).
 */
export function themeVariables(): Plugin {
  return {
    name: "fleethold:theme-variables",
    load: (id) => id.split("?")[0]?.endsWith("/ui/theme_variables.css") ? themeCss() : null,
  };
}

function themeCss(): string {
  const { variables, light, dark } = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  return convertCssVariables({
    variables: used(variables),
    light: { ...used(light), ...tokens.light, "--mantine-color-scheme": "light" },
    dark: { ...used(dark), ...tokens.dark, "--mantine-color-scheme": "dark" },
  });
}

/** Mantine knows fourteen colours; those the palette leaves out are 20 kB of variables nobody reads. */
function used(variables: Record<string, string>): Record<string, string> {
  const unused = Object.keys(DEFAULT_THEME.colors).filter((name) => !(name in palette));
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) =>
      !unused.some((colour) => name.startsWith(`--mantine-color-${colour}-`))
    ),
  );
}
