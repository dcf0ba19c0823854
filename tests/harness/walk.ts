/** All files below a folder whose names match, in the order of their paths. */
export function walkSync(folder: URL, name: RegExp): URL[] {
  const files = [...Deno.readDirSync(folder)].flatMap((entry) => {
    if (entry.isDirectory) {
      return entry.name === "dist" || entry.name === "node_modules"
        ? []
        : walkSync(new URL(`${entry.name}/`, folder), name);
    }
    return name.test(entry.name) ? [new URL(entry.name, folder)] : [];
  });
  return files.sort((a, b) => a.href < b.href ? -1 : 1);
}
