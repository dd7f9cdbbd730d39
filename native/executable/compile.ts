/**
 * Builds the single-file executable.
 *
 * @module
 */

import { basename, dirname, join, relative } from "@std/path";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import denoJson from "../../deno.json" with { type: "json" };
import { InvalidInputError, SluiceError } from "../../src/errors.ts";
import { build, buildLibraries, filesUnder, launcherPlan, runTask } from "../tools/build.ts";
import { neededLibraries } from "../tools/libraries.ts";
import { execute } from "../tools/packages.ts";
import { isolation } from "./isolation.ts";
import { type Payload, type PayloadFile, writeExecutable } from "./payload.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const workFolder = join(root, "native", "build-executable");

/** The path of this version's executable. */
export const executablePath: string = join(root, "dist", `sluice-${denoJson.version}-linux-x64`);

/** The program's permissions as flags of Deno, taken from the task that runs it in a checkout. */
const permissions: readonly string[] = denoJson.tasks.sluice.command.split(" ")
  .filter((word) => word.startsWith("--allow-"));

/** Runs Deno on this project. If it fails, the error contains the end of its output. */
export async function denoOrFail(args: readonly string[], what: string): Promise<void> {
  const { success, output } = await execute(Deno.execPath(), args);
  if (!success) throw new SluiceError(`${what} failed: ${output.trim().split("\n").slice(-20).join("\n")}`);
}

/**
 * Bundles the program into the JavaScript files of a folder, which then contains `cli/main.js`.
 *
 * Several files let a command start without reading the code of the others: `--version` takes a third of the time.
 */
export async function bundle(folder: string): Promise<void> {
  const entries = ["cli/main.ts", "src/run/checkpoint_worker.ts"].map((name) => join(root, name));
  const flags = ["--quiet", "--platform", "deno", "--code-splitting"];
  await denoOrFail(["bundle", ...flags, "--outdir", folder, ...entries], "bundling the program");
  // In a bundled file, `new URL("./checkpoint_worker.ts", import.meta.url)` points here.
  Deno.writeTextFileSync(join(folder, "checkpoint_worker.ts"), 'import "./src/run/checkpoint_worker.js";\n');
}

/** A way to make the executable. */
interface Way {
  /** A line that describes it. */
  readonly description: string;
  /** The program to start, its arguments and its files. */
  readonly start: Pick<Payload, "program" | "arguments" | "files">;
}

/** Compiles with `deno compile`, which needs its runtime stub; returns the reason if that fails. */
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
  if (!success || output.trim() !== denoJson.version) return "the program that deno compile made does not start";
  return {
    description: "by deno compile",
    start: { program: "sluice", arguments: [], files: [{ source: program, path: "sluice", executable: true }] },
  };
}

/**
 * Makes Deno load the files of a bundle only on demand. If an import names a file by a literal, Deno reads that file
 * and its imports before the program starts, and `--version` takes five times as long.
 */
function hideDynamicImports(app: string): void {
  for (const path of filesUnder(app)) {
    const code = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, code.replaceAll(/\bimport\(("\.[^"]+\.js")\)/g, "import([$1][0])"));
  }
}

/** Packs Deno itself with the bundled program, which needs no runtime stub. */
function packDeno(app: string, reason: string): Way {
  hideDynamicImports(app);
  return {
    description: `with Deno ${Deno.version.deno} itself, because deno compile has no runtime stub (${reason})`,
    start: {
      program: "deno",
      arguments: ["run", ...isolation, "--no-code-cache", ...permissions, "{folder}/app/cli/main.js"],
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
  throw new InvalidInputError(
    `DENORT_BIN ${stub}: ${compiled}; give the path of denort ${Deno.version.deno}, or unset it`,
  );
}

/** The native libraries or programs, and the system libraries that they need, all in the folder `native`. */
export async function libraryFiles(libraries: readonly string[]): Promise<PayloadFile[]> {
  const needed = (await Promise.all(libraries.map(neededLibraries))).flat();
  // One that is given may also be needed by another.
  const byName = new Map([...needed, ...libraries].map((source) => [basename(source), source]));
  return [...byName].map(([name, source]) => ({ source, path: `native/${name}`, executable: false }));
}

/** Tests the executable from an empty cache, as for a new user. */
async function tryOut(executable: string): Promise<void> {
  const cache = join(workFolder, "cache");
  for (const args of [["--version"], ["doctor", "--ops"], ["cost"]]) {
    const { success, output } = await execute(executable, args, { SLUICE_CACHE: cache });
    if (!success) throw new SluiceError(`the executable fails at \`sluice ${args.join(" ")}\`: ${output.trim()}`);
  }
}

/** A tested executable. */
export interface Executable {
  /** The executable's path. */
  readonly path: string;
  /** A line that says how it was made. */
  readonly way: string;
  /** The paths of the shared libraries in it. */
  readonly libraries: readonly string[];
}

/**
 * Builds the executable: libraries, launcher and bundle, packed into a single file, which is tested before it
 * replaces an older one.
 *
 * @param output the path to write to.
 * @param level zstd's compression level, 1 to 22.
 * @throws {InvalidInputError} if the machine lacks a package and it cannot be installed, or DENORT_BIN is not a denort.
 * @throws {SluiceError} if a part cannot be built, or the executable does not work.
 */
export async function compileExecutable(output: string, level: number): Promise<Executable> {
  const libraries = await libraryFiles(await buildLibraries());
  const launcher = join(await build(launcherPlan), "sluice_launcher");
  const partial = `${output}.partial`;
  // Leftovers of an earlier build would be packed, too.
  for (const leftover of [workFolder, partial]) rmSync(leftover, { recursive: true, force: true });
  for (const folder of [workFolder, dirname(output)]) Deno.mkdirSync(folder, { recursive: true });
  try {
    const app = join(workFolder, "app");
    await bundle(app);
    const { description, start } = await chooseWay(app);
    const payload: Payload = { version: denoJson.version, ...start, files: [...start.files, ...libraries] };
    writeExecutable(partial, launcher, payload, level);
    await tryOut(partial);
    Deno.renameSync(partial, output);
    return { path: output, way: description, libraries: libraries.map(({ source }) => source) };
  } finally {
    for (const leftover of [workFolder, partial]) rmSync(leftover, { recursive: true, force: true });
  }
}

/** The compression level of a release. Higher levels take twice as long and save 2 %. */
export const RELEASE_LEVEL = 19;

if (import.meta.main) {
  await runTask(async () => {
    const { path, way } = await compileExecutable(executablePath, RELEASE_LEVEL);
    const megabytes = (Deno.statSync(path).size / 1e6).toFixed(1);
    console.log(`${relative(Deno.cwd(), path)}: ${megabytes} MB, ${way}`);
  });
}
