import { say } from "../installation/terminal.ts";

/** Says figures by their names. */
export function tell(what: string, figures: object): void {
  const text = Object.entries(figures).map(([name, value]) =>
    `${name} ${typeof value === "number" ? rounded(value, 2) : value}`
  ).join(", ");
  say(`${what}: ${text}`);
}

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
