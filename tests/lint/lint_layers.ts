/**
 * Applies the project's own rules to every source file. The exit status is 1 if a file breaks a rule.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkCircles, checkFile, type Violation } from "./rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["cli", "native", "src", "tests"];
const skipped = /^(native\/build[^/]*|tests\/fixtures)$|(^|\/)(__pycache__|node_modules)$/;
const sources = /\.(ts|h|cpp|cu|py)$|CMakeLists\.txt$/;

/** The source files under a folder, as paths relative to the repository's root, in a fixed order. */
function sourcesUnder(folder: string): string[] {
  const entries = [...Deno.readDirSync(join(root, folder))].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return skipped.test(path) ? [] : sourcesUnder(path);
    return entry.isFile && sources.test(path) ? [path] : [];
  });
}

/** All violations in the repository. */
export function lintRepository(): Violation[] {
  const paths = ["mod.ts", ...folders.flatMap(sourcesUnder)];
  const texts = new Map(paths.map((path) => [path, Deno.readTextFileSync(join(root, path))]));
  const scripts = new Map([...texts].filter(([path]) => path.endsWith(".ts")));
  return [...[...texts].flatMap(([path, text]) => checkFile(path, text)), ...checkCircles(scripts)];
}

if (import.meta.main) {
  const violations = lintRepository();
  for (const { path, line, message } of violations) console.error(`${path}:${line}: ${message}`);
  if (violations.length > 0) process.exitCode = 1;
}
