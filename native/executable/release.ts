/**
 * Makes all files of a release, from an empty folder.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { SluiceError } from "../../src/errors.ts";
import { digestOf, runTask } from "../tools/build.ts";
import { compileExecutable, executablePath, RELEASE_LEVEL } from "./compile.ts";
import { formatDependencies, listDependencies } from "./dependencies.ts";
import { execute } from "../tools/packages.ts";

const folder = dirname(executablePath);

/** Names that the shells look for, by shell. */
const completions: Readonly<Record<string, string>> = { bash: "sluice.bash", zsh: "_sluice", fish: "sluice.fish" };

/** What the executable prints. */
async function ask(executable: string, args: readonly string[]): Promise<string> {
  const { success, output } = await execute(executable, args);
  if (!success) throw new SluiceError(`sluice ${args.join(" ")} failed: ${output.trim()}`);
  return output;
}

/** A line of `sha256sum`, which checks them with `--check`. */
function checksumLine(path: string): string {
  return `${digestOf(path)}  ${basename(path)}\n`;
}

/**
 * Makes the executable, the list of what it holds of others, completions, the licence, and checksums of them all.
 *
 * @returns The files and how the executable was made.
 * @throws as {@linkcode compileExecutable} and {@linkcode listDependencies}.
 */
async function release(): Promise<{ files: string[]; way: string }> {
  rmSync(folder, { recursive: true, force: true });
  const { path, way, libraries } = await compileExecutable(executablePath, RELEASE_LEVEL);
  const texts = new Map([["LICENSE", Deno.readTextFileSync(new URL("../../LICENSE", import.meta.url))]]);
  texts.set(`${basename(path)}.dependencies.txt`, formatDependencies(await listDependencies(libraries)));
  for (const [shell, name] of Object.entries(completions)) texts.set(name, await ask(path, ["completions", shell]));
  for (const [name, text] of texts) Deno.writeTextFileSync(join(folder, name), text);
  const files = [path, ...[...texts.keys()].map((name) => join(folder, name))];
  const sums = join(folder, "SHA256SUMS");
  Deno.writeTextFileSync(sums, files.map(checksumLine).join(""));
  return { files: [...files, sums], way };
}

if (import.meta.main) {
  await runTask(async () => {
    const { files, way } = await release();
    console.error(`the executable is made ${way}`);
    for (const file of files) console.log(relative(Deno.cwd(), file));
  });
}
