/**
 * Installs a command `sluice`, which runs this checkout, into a folder of the user's choice.
 *
 * @module
 */

import { DELIMITER, join, resolve } from "@std/path";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { InvalidInputError } from "../../src/errors.ts";
import { describeSystemError, writeFileAtomically } from "../../src/formats/mod.ts";
import { quoteWord, quoteWords } from "../../src/sweep/shell.ts";
import { runTask } from "./build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Marks the script as made by this task: no other file is replaced. */
const mark = "# Made by `deno task install`";

/**
 * The script. It keeps the caller's current folder, so that relative paths work. Falls back to other ways to run
 * Deno, since `npx` may have downloaded this one and may remove it.
 */
function script(): string {
  const [, ...words] = denoJson.tasks.sluice.command.split(" ");
  const program = [...words.slice(0, -1), "--config", join(root, "deno.json"), join(root, "cli", "main.ts")];
  return `#!/bin/sh
${mark} in ${JSON.stringify(root)}: runs that checkout.
deno=${quoteWord(Deno.execPath())}
if [ ! -x "$deno" ]; then deno=$(command -v deno); fi
if [ -n "$deno" ]; then exec "$deno" ${quoteWords(program)} "$@"; fi
exec npx -y ${quoteWord(`deno@${Deno.version.deno}`)} ${quoteWords(program)} "$@"
`;
}

/** The folder to install to: the given one, relative to the caller's folder, or `~/.local/bin`. */
function chooseFolder(asked: string | undefined): string {
  // Deno runs tasks in the checkout's root, and sets INIT_CWD to the caller's folder.
  if (asked !== undefined) return resolve(Deno.env.get("INIT_CWD") || ".", asked);
  const home = Deno.env.get("HOME");
  if (home) return join(home, ".local", "bin");
  throw new InvalidInputError("HOME is not set: give a folder, deno task install DIR");
}

function checkReplaceable(path: string): void {
  if (!existsSync(path)) return;
  if (statSync(path).isFile() && readFileSync(path, "utf8").includes(mark)) return;
  throw new InvalidInputError(`${path}: exists and was not made by this task; remove it, or give another folder`);
}

function isOnPath(folder: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(DELIMITER).some((entry) => entry !== "" && resolve(entry) === folder);
}

function install(args: readonly string[]): void {
  const [asked, ...others] = args;
  if (others.length > 0 || asked?.startsWith("-")) {
    throw new InvalidInputError(`install ${args.join(" ")}: give one folder, or none for ~/.local/bin`);
  }
  const folder = chooseFolder(asked);
  const path = join(folder, "sluice");
  try {
    mkdirSync(folder, { recursive: true });
    checkReplaceable(path);
    writeFileAtomically(path, new TextEncoder().encode(script()));
    chmodSync(path, 0o755);
  } catch (cause) {
    const system = describeSystemError(cause);
    throw system === null ? cause : new InvalidInputError(system.sentence, { cause });
  }
  console.log(path);
  if (isOnPath(folder)) return;
  console.error(`${folder} is not on PATH; add it there: export PATH=${quoteWord(folder)}:"$PATH"`);
}

// deno-lint-ignore require-await -- the task's contract
if (import.meta.main) await runTask(async () => install(Deno.args));
