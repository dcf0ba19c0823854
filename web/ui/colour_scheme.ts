import {
  localStorageColorSchemeManager,
  type MantineColorScheme,
  useMantineColorScheme,
} from "@mantine/core";

/** Kept on the device, under the key public/colour_scheme.js reads before the first paint. */
export const colourSchemeManager = localStorageColorSchemeManager({ key: "fleethold-colour-scheme" });

/** The chosen scheme and how to change it. `keepTransitions`: Mantine would switch them off by a <style> element. */
export function useColourScheme(): [MantineColorScheme, (scheme: MantineColorScheme) => void] {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return [colorScheme, setColorScheme];
}
