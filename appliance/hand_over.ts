import { dirname, join } from "node:path";
import { readIfExists, removeIfExists, writeWhole } from "../scripts/installation/files.ts";
import { places } from "./places.ts";
import type { Service } from "./services.ts";

/** Everybody in the group of the folder may read, nobody may write. */
const HANDED = 0o440;

/** Hands a service a file, whole or not at all. One that holds just that already stays as it is. */
export async function handOver(service: Service, name: string, text: string): Promise<void> {
  const path = join(places.handover(service), name);
  if (await readIfExists(path) === text) return;
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeWhole(path, text, HANDED);
}

/** Takes back what a service was handed under this name. */
export async function takeBack(service: Service, name: string): Promise<void> {
  await removeIfExists(join(places.handover(service), name));
}

/** What a service was handed under this name, if anything. */
export function handed(service: Service, name: string): Promise<string | undefined> {
  return readIfExists(join(places.handover(service), name));
}
