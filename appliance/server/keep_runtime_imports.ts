/**
 * Leaves in deno.json only the packages that the server and the appliance's own programs import, so that the image
 * holds no others. Versions stay those of deno.json and deno.lock.
 */
const entries = [
  "server/main.ts",
  "server/platform/photo_worker.ts",
  "appliance/init.ts",
  "appliance/certs.ts",
  "backup/main.ts",
  "backup/offsite/main.ts",
];

const used = new Set<string>();
for (const entry of entries) {
  const { stdout } = await new Deno.Command("deno", { args: ["info", "--json", entry], stderr: "inherit" })
    .output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { dependencies?: { specifier: string }[] }[];
  };
  for (const { dependencies = [] } of modules) {
    for (const { specifier } of dependencies) used.add(specifier);
  }
}
const config = JSON.parse(Deno.readTextFileSync("deno.json")) as { imports: Record<string, string> };
config.imports = Object.fromEntries(
  Object.entries(config.imports).filter(([name]) =>
    [...used].some((specifier) => specifier === name || specifier.startsWith(`${name}/`))
  ),
);
Deno.writeTextFileSync("deno.json", JSON.stringify(config, null, 2));
