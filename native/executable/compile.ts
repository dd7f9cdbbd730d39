/**
 * Builds the single-file executable.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import denoJson from "../../deno.json" with { type: "json" };
import { InvalidInputError, SluiceError } from "../../src/errors.ts";
import { build, buildLibraries, filesUnder, launcherPlan, runTask } from "../tools/build.ts";
import { neededLibraries } from "../tools/libraries.ts";
import { execute } from "../tools/packages.ts";
import { type Payload, type PayloadFile, writeExecutable } from "./payload.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const workFolder = join(root, "native", "build-executable");

/** The executable of this version. */
export const executablePath: string = join(root, "dist", `sluice-${denoJson.version}-linux-x64`);

/** What the program may do, in Deno's flags: what the task that runs it from a checkout says. */
const permissions: readonly string[] = denoJson.tasks.sluice.command.split(" ")
  .filter((word) => word.startsWith("--allow-"));

/** Runs Deno on this project; the end of what it printed is the error where it fails. */
async function denoOrFail(args: readonly string[], what: string): Promise<void> {
  const { success, output } = await execute(Deno.execPath(), args);
  if (!success) throw new SluiceError(`${what} failed: ${output.trim().split("\n").slice(-20).join("\n")}`);
}

/**
 * Bundles the program into files of plain JavaScript.
 *
 * Not into a single one: a command then starts without reading the code of the others, `--version` in a third of the time.
 *
 * @returns The folder of `cli/main.js`.
 */
async function bundle(): Promise<string> {
  const folder = join(workFolder, "app");
  const entries = ["cli/main.ts", "src/run/checkpoint_worker.ts"].map((name) => join(root, name));
  const flags = ["--quiet", "--platform", "deno", "--code-splitting"];
  await denoOrFail(["bundle", ...flags, "--outdir", folder, ...entries], "bundling the program");
  // Where `new URL("../checkpoint_worker.ts", import.meta.url)` of a bundled file points.
  Deno.writeTextFileSync(join(folder, "checkpoint_worker.ts"), 'import "../src/run/checkpoint_worker.js";\n');
  return folder;
}

/** How an executable is made. */
interface Way {
  /** One line that says which way it is. */
  readonly description: string;
  /** What is started, and how. */
  readonly start: Pick<Payload, "program" | "arguments" | "files">;
}

/** `deno compile`, which needs its runtime stub; the reason, where that cannot be had. */
async function compileWithDenort(app: string): Promise<Way | string> {
  const program = join(workFolder, "program");
  const flags = ["--quiet", "--no-prompt", "--no-check", ...permissions, "--include", app, "--output", program];
  const compiled = await execute(Deno.execPath(), ["compile", ...flags, join(app, "cli", "main.js")]);
  if (!compiled.success) {
    const causes = stripVTControlCharacters(compiled.output).matchAll(/^ +\d+: (.*)$/gm);
    const reasons = [...causes].map(([, cause = ""]) => cause).filter((cause) => !cause.startsWith("Setting up"));
    return reasons[0] ?? "deno compile failed";
  }
  const { success, output } = await execute(program, ["--version"]);
  if (!success || output.trim() !== denoJson.version) return "what deno compile makes does not start";
  return {
    description: "by deno compile",
    start: { program: "sluice", arguments: [], files: [{ source: program, path: "sluice", executable: true }] },
  };
}

/**
 * Makes Deno load the files of a bundle when they are asked for. Where a file is named by a literal, Deno reads it, and all
 * that it names in turn, before the program begins: five times as long for `--version`.
 */
function hideDynamicImports(app: string): void {
  for (const path of filesUnder(app)) {
    const code = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, code.replaceAll(/\bimport\(("\.[^"]+\.js")\)/g, "import([$1][0])"));
  }
}

/** Deno itself with the bundled program: no runtime stub is needed. */
function packDeno(app: string, reason: string): Way {
  const isolation = [
    ...["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only"],
    ...["--no-check", "--no-code-cache"],
  ];
  hideDynamicImports(app);
  return {
    description: `with Deno ${Deno.version.deno} itself, for deno compile has no runtime stub (${reason})`,
    start: {
      program: "deno",
      arguments: ["run", ...isolation, ...permissions, "{folder}/app/cli/main.js"],
      files: [
        { source: Deno.execPath(), path: "deno", executable: true },
        ...filesUnder(app).map((source) => ({ source, path: join("app", relative(app, source)), executable: false })),
      ],
    },
  };
}

async function chooseWay(app: string): Promise<Way> {
  const compiled = await compileWithDenort(app);
  if (typeof compiled !== "string") return compiled;
  const stub = Deno.env.get("DENORT_BIN");
  if (!stub) return packDeno(app, compiled);
  throw new InvalidInputError(`DENORT_BIN ${stub}: ${compiled}; name a denort ${Deno.version.deno}, or unset it`);
}

/** The native libraries, and the system's that they need, in one folder. */
async function libraryFiles(libraries: readonly string[]): Promise<PayloadFile[]> {
  const needed = new Set((await Promise.all(libraries.map(neededLibraries))).flat());
  const sources = [...libraries, ...needed];
  return sources.map((source) => ({ source, path: `native/${basename(source)}`, executable: false }));
}

/** Runs the executable as its users will, from an empty cache. */
async function tryOut(executable: string): Promise<void> {
  const cache = join(workFolder, "cache");
  for (const args of [["--version"], ["doctor", "--ops"], ["cost"]]) {
    const { success, output } = await execute(executable, args, { SLUICE_CACHE: cache });
    if (!success) throw new SluiceError(`the executable fails at \`sluice ${args.join(" ")}\`: ${output.trim()}`);
  }
}

/** An executable that was made, and tried. */
export interface Executable {
  /** Where it is. */
  readonly path: string;
  /** One line that says how it was made. */
  readonly way: string;
  /** The shared libraries that it carries. */
  readonly libraries: readonly string[];
}

/**
 * Builds the executable: libraries, launcher, bundle, then one file of it all, which is tried before it takes its place.
 *
 * @param output the file to write.
 * @param level zstd's compression level, 1 to 22.
 * @throws {InvalidInputError} where the machine lacks what may not be installed, or DENORT_BIN names no denort.
 * @throws {SluiceError} where a part cannot be built, or the executable does not work.
 */
export async function compileExecutable(output: string, level: number): Promise<Executable> {
  const libraries = await libraryFiles(await buildLibraries());
  const launcher = join(await build(launcherPlan), "sluice_launcher");
  const partial = `${output}.partial`;
  // What an earlier build left there would be packed, too.
  for (const leftover of [workFolder, partial]) rmSync(leftover, { recursive: true, force: true });
  for (const folder of [workFolder, dirname(output)]) Deno.mkdirSync(folder, { recursive: true });
  try {
    const { description, start } = await chooseWay(await bundle());
    const payload: Payload = { version: denoJson.version, ...start, files: [...start.files, ...libraries] };
    writeExecutable(partial, launcher, payload, level);
    await tryOut(partial);
    Deno.renameSync(partial, output);
    return { path: output, way: description, libraries: libraries.map(({ source }) => source) };
  } finally {
    for (const leftover of [workFolder, partial]) rmSync(leftover, { recursive: true, force: true });
  }
}

/** The level of a release: higher ones take twice as long for 2 % less. */
export const RELEASE_LEVEL = 19;

if (import.meta.main) {
  await runTask(async () => {
    const { path, way } = await compileExecutable(executablePath, RELEASE_LEVEL);
    const megabytes = (Deno.statSync(path).size / 1e6).toFixed(1);
    console.log(`${relative(Deno.cwd(), path)}: ${megabytes} MB, ${way}`);
  });
}
