import { join } from "node:path";
import type { Parts } from "./parts.ts";
import { clusterNames } from "./settings.ts";

/**
 * Brings the snapshot of both repositories up to date: hard links, for the offsite sidecar to copy at leisure. Files
 * never change once they are written, so the snapshot takes no room, and expiry in the repository takes nothing out of
 * it meanwhile. Names that are there already are not touched, or everything would look changed to the sidecar.
 *
 * The caller sees to it that nothing is expired meanwhile; backups and archiving may go on.
 *
 * @returns whether it was done; false while the sidecar still reads the last one
 */
export async function takeSnapshot({ places, programs, files }: Parts): Promise<boolean> {
  const lockPath = join(places.repositories, "snapshot.lock");
  using lock = await Deno.open(lockPath, { read: true, write: true, create: true, mode: 0o640 });
  if (!await lock.tryLock(true)) return false;
  const snapshot = join(places.repositories, "snapshot");
  await files.folder(snapshot, 0o750);
  for (const cluster of clusterNames) {
    await files.folder(join(snapshot, cluster), 0o750);
    await programs.run("sh", ["-euc", update, "sh", places.repository(cluster), join(snapshot, cluster)]);
  }
  return true;
}

/**
 * `.info` files first: what they list is in the repository already, so that it is linked after them. pgBackRest replaces
 * them by rename; a name that stands for another file is linked anew.
 */
const update = `
  cd "$1"
  find . -name '*.info' -o -name '*.info.copy' | while IFS= read -r file; do
    mkdir -p "$2/\${file%/*}"
    [ "$file" -ef "$2/$file" ] || ln -f "$file" "$2/$file"
  done
  # Folders as new ones: with the attributes of ours, they would not be the copying group's any more.
  cp -rl --no-clobber . "$2/"
  find "$2" -name '*.tmp' -delete
  find . -type f | sort > "$2.here"
  cd "$2"
  find . -type f | sort | comm -23 - "$2.here" | xargs -r -d '\\n' rm -f
  find . -mindepth 1 -type d -empty -delete
  rm -f "$2.here"`;
