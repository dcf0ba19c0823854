import { createTheme, type MantineColorsTuple } from "@mantine/core";

/**
 * One accent (petrol) over cool greys; the other hues mean something and are never decoration. `gray` and `dark` are
 * Mantine's names for the neutrals of the light and the dark scheme.
 */
export const palette = {
  petrol: shades("#e8f6f8 #d0ebef #a3d9e1 #71c3d0 #47abbc #2693a7 #127d91 #0b697b #085565 #053e4a"),
  gray: shades("#f4f6f6 #e9edee #dde3e5 #cbd3d6 #aab5ba #7f8c92 #5a686f #44525a #2b383f #17242a"),
  dark: shades("#dbe2e4 #b9c4c8 #9aa8ae #64747b #3a484e #2d383d #222b30 #161d20 #101618 #0b1012"),
  red: shades("#fdeeec #fadcd8 #f4b7b0 #ec8c82 #e1665a #d04a3e #bb3a30 #a42c24 #89211b #641611"),
  green: shades("#e9f6ee #d2ecdc #a5d8b8 #74c191 #4ba86f #2f8f56 #1f7a47 #16683a #0f552e #083b1f"),
  amber: shades("#fdf4e3 #fae6c2 #f3cd88 #e9b04c #d99526 #bd7c12 #9a640b #815208 #694206 #4a2e03"),
  blue: shades("#ebf2fc #d6e4f9 #acc9f2 #7ea9e8 #578cdd #3a72cd #2a5fb8 #214e9c #1a3f80 #122c5b"),
  violet: shades("#f2effb #e4def6 #c9bdec #a996df #8c73d1 #7458c2 #6247ad #523994 #422d79 #2e1e57"),
};

function shades(ten: string): MantineColorsTuple {
  return ten.split(" ") as unknown as MantineColorsTuple;
}

// The system's own face by name: a bare Linux answers `system-ui` with DejaVu Sans, a sixth wider than any of these.
const font =
  '-apple-system, "Segoe UI", Roboto, Cantarell, Ubuntu, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, system-ui, sans-serif';

/** A dialog's <header> would otherwise count as the page's own (ARIA in HTML: `banner`). */
const notABanner = { role: "presentation" };

/** The one source of the design's numbers; build/theme_variables.ts turns it into a static style sheet. */
export const theme = createTheme({
  colors: palette,
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 6 },
  black: palette.gray[9],
  fontFamily: font,
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.5", lg: "1.5", xl: "1.4" },
  spacing: { xs: "0.375rem", sm: "0.625rem", md: "1rem", lg: "1.5rem", xl: "2.25rem" },
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "12px", xl: "20px" },
  defaultRadius: "sm",
  headings: {
    fontFamily: font,
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.25" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Mantine's scroll lock and its menus' one write <style> elements; global.css locks the page instead.
    Modal: {
      defaultProps: { lockScroll: false, centered: true, radius: "md", attributes: { header: notABanner } },
    },
    Drawer: {
      defaultProps: { lockScroll: false, position: "right", attributes: { header: notABanner } },
    },
    // Inside the landmark it was opened from, where it is heard in its place.
    Menu: {
      defaultProps: {
        shadow: "md",
        position: "bottom-end",
        withinPortal: false,
        floatingStrategy: "fixed",
        withInitialFocusPlaceholder: false,
      },
    },
    Tooltip: { defaultProps: { openDelay: 300 } },
    // Mantine's hints are two pixels smaller than its fields; ours are meant to be read.
    InputWrapper: {
      styles: { label: { marginBottom: "0.1875rem" }, description: { marginBottom: "0.1875rem" } },
      vars: () => ({
        label: {},
        error: { "--input-error-size": "var(--mantine-font-size-sm)" },
        description: { "--input-description-size": "var(--mantine-font-size-sm)" },
        success: {},
      }),
    },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
  },
});

/** What Mantine has no word for: surfaces, lines, the navigation rail, and the tones of an order's state. */
export const tokens = {
  light: {
    "--mantine-color-body": "#f5f7f7",
    "--mantine-color-dimmed": palette.gray[6],
    "--mantine-color-placeholder": "#66757c",
    "--mantine-color-error": palette.red[7],
    "--mantine-color-default-border": palette.gray[3],
    "--mantine-color-anchor": palette.petrol[7],
    "--surface": "#ffffff",
    "--surface-sunken": "#f0f3f3",
    "--line": palette.gray[2],
    "--line-strong": palette.gray[4],
    "--field-line": "#82919a",
    "--focus": palette.petrol[6],
    "--row-hover": "#eff5f6",
    "--row-selected": palette.petrol[0],
    "--rail": "#0e2a31",
    "--rail-ink": "#c3d6da",
    "--rail-ink-strong": "#ffffff",
    "--rail-hover": "#17383f",
    "--rail-current": "#1e464f",
    "--rail-line": "#24474f",
    "--brand-mark": "#5cc3d2",
    ...tones("light"),
  },
  dark: {
    "--mantine-color-body": palette.dark[8],
    "--mantine-color-text": palette.dark[0],
    "--mantine-color-dimmed": palette.dark[2],
    "--mantine-color-placeholder": "#8b9aa1",
    "--mantine-color-error": palette.red[3],
    "--mantine-color-default": palette.dark[6],
    "--mantine-color-default-border": palette.dark[4],
    "--mantine-color-anchor": palette.petrol[3],
    "--surface": palette.dark[7],
    "--surface-sunken": "#1c2428",
    "--line": palette.dark[5],
    "--line-strong": palette.dark[4],
    "--field-line": "#6b7b82",
    "--focus": palette.petrol[3],
    "--row-hover": "#1b2428",
    "--row-selected": "#12313a",
    "--rail": "#0a1417",
    "--rail-ink": "#a9bcc1",
    "--rail-ink-strong": "#f2f7f8",
    "--rail-hover": "#132226",
    "--rail-current": "#1a3238",
    "--rail-line": "#1d2f34",
    "--brand-mark": "#5cc3d2",
    ...tones("dark"),
  },
};

export type Tone = "gray" | "amber" | "blue" | "violet" | "petrol" | "green" | "red";

/** Ink, ground and edge of each tone; every ink is at least 4.5:1 on its ground in both schemes (WCAG 2.2, 1.4.3). */
function tones(scheme: "light" | "dark"): Record<string, string> {
  const names: Tone[] = ["gray", "amber", "blue", "violet", "petrol", "green", "red"];
  return Object.fromEntries(names.flatMap((tone) => {
    const shade = palette[tone];
    const [ink, ground, edge] = scheme === "light"
      ? [shade[8], shade[tone === "gray" ? 1 : 0], shade[tone === "gray" ? 3 : 2]]
      : [
        shade[2],
        `color-mix(in srgb, ${shade[6]} 22%, ${palette.dark[7]})`,
        `color-mix(in srgb, ${shade[5]} 45%, ${palette.dark[7]})`,
      ];
    return [[`--${tone}-ink`, ink], [`--${tone}-ground`, ground], [`--${tone}-edge`, edge]];
  }));
}
