/**
 * Applies the project's own rules to every source file. The exit status is 1 if a file breaks a rule.
 *
 * @module
 */

import { join } from "@std/path";
import process from "node:process";
import { checkCircles, checkFile, type Violation } from "./rules.ts";
import { root, sourcesUnder } from "./sources.ts";

const folders = ["cli", "native", "src", "tests"];

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
