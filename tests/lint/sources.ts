/**
 * Finds the source files that the rules of the house apply to.
 *
 * @module
 */

import { join } from "@std/path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

const skipped = /^(native\/build[^/]*|tests\/fixtures)$|(^|\/)(__pycache__|node_modules)$/;
const sources = /\.(ts|h|cpp|cu|py)$|CMakeLists\.txt$/;

/** The source files under a folder of the repository, as paths relative to its root, in a fixed order. */
export function sourcesUnder(folder: string): string[] {
  const entries = [...Deno.readDirSync(join(root, folder))].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return skipped.test(path) ? [] : sourcesUnder(path);
    return entry.isFile && sources.test(path) ? [path] : [];
  });
}
