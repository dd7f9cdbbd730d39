/**
 * Makes all files of a release in an empty folder.
 *
 * @module
 */

import { basename, dirname, join, relative } from "@std/path";
import { rmSync } from "node:fs";
import { SluiceError } from "../../src/errors.ts";
import { digestOf, runTask } from "../tools/build.ts";
import { compileExecutable, executablePath, RELEASE_LEVEL } from "./compile.ts";
import { formatDependencies, listDependencies } from "./dependencies.ts";
import { execute } from "../tools/packages.ts";

const folder = dirname(executablePath);

/** The file names of completion scripts that each shell looks for. */
const completions: Readonly<Record<string, string>> = { bash: "sluice.bash", zsh: "_sluice", fish: "sluice.fish" };

/** The output of the executable. */
async function ask(executable: string, args: readonly string[]): Promise<string> {
  const { success, output } = await execute(executable, args);
  if (!success) throw new SluiceError(`sluice ${args.join(" ")} failed: ${output.trim()}`);
  return output;
}

/** A line in the format of `sha256sum --check`. */
function checksumLine(path: string): string {
  return `${digestOf(path)}  ${basename(path)}\n`;
}

/**
 * Makes the executable, the list of third-party software, completions, the licence, and the checksums of all files.
 *
 * @returns The files, and a line that says how the executable was made.
 * @throws the errors of {@linkcode compileExecutable} and {@linkcode listDependencies}.
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
    console.error(`the executable was made ${way}`);
    for (const file of files) console.log(relative(Deno.cwd(), file));
  });
}
