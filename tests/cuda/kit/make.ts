/**
 * Makes the GPU kit: one archive that runs everything which needs a GPU on a server with NVIDIA's libraries, without
 * network, compiler or packages.
 *
 * @module
 */
import { basename, join, relative } from "@std/path";
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import denoJson from "../../../deno.json" with { type: "json" };
import { bundle, denoOrFail, libraryFiles, RELEASE_LEVEL } from "../../../native/executable/compile.ts";
import { isolation } from "../../../native/executable/isolation.ts";
import { type PayloadFile, writeExecutable } from "../../../native/executable/payload.ts";
import { build, cudaPlan, filesUnder, launcherPlan, libraryPlan, runTask } from "../../../native/tools/build.ts";
import { execute } from "../../../native/tools/packages.ts";
import { SluiceError } from "../../../src/errors.ts";
import { deviceTests, gpuTests } from "../device_tests.ts";
import { findToolkit } from "../toolkit.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What the kit unpacks its programs into: the folder of the script, so that nothing else is touched. */
const script = `#!/bin/sh
# Runs the tests and benchmarks of sluice that need a GPU: sh run.sh [minutes], 10 by default. It installs nothing, and
# writes gpu-results.jsonl into the current folder, a line for each section as soon as it is done.
case $0 in */*) here=$(CDPATH= cd -- "\${0%/*}" && pwd) ;; *) here=$PWD ;; esac
SLUICE_CACHE=\${SLUICE_CACHE:-$here/unpacked} exec "$here/kit" "$@"
`;

/** The native parts of a kit. */
export interface KitParts {
  /** The CUDA library, the program of the native tests, and libraries that lie beside them. */
  readonly native: readonly string[];
  /** zstd's level, 1 to 22. */
  readonly level: number;
  /** The most bytes of the archive; no limit by default. */
  readonly limit?: number;
}

const plain = (source: string, path: string): PayloadFile => ({ source, path, executable: false });

/** Bundles the tests of the device, the kit's own program and the command into a folder. */
async function bundlePrograms(folder: string): Promise<void> {
  const app = join(folder, "app");
  await bundle(app);
  const tests = join(app, "tests", "cuda");
  Deno.mkdirSync(tests, { recursive: true });
  const flags = ["bundle", "--quiet", "--platform", "deno", "--config", join(root, "deno.json")];
  const kit = join(root, "tests", "cuda", "kit", "main.ts");
  await denoOrFail([...flags, "--output", join(tests, "kit.js"), kit], "bundling the kit");
  for (const [name, paths] of [["device_tests", deviceTests], ["run_tests", gpuTests]] as const) {
    const entry = join(folder, `${name}.ts`);
    const imported = ["tests/cuda/kit/restore_home.ts", ...paths];
    Deno.writeTextFileSync(entry, imported.map((path) => `import ${JSON.stringify(join(root, path))};\n`).join(""));
    await denoOrFail([...flags, "--output", join(tests, `${name}.js`), entry], "bundling the tests");
    rmSync(entry);
  }
  // In a bundled test, `new URL("./checkpoint_worker.ts", import.meta.url)` points here.
  Deno.writeTextFileSync(join(tests, "checkpoint_worker.ts"), 'import "../../src/run/checkpoint_worker.js";\n');
}

/** Files of the checkout that the programs read, below `app`. */
function dataFiles(): PayloadFile[] {
  // Runs that earlier versions made are for tests that need no GPU.
  const fixtures = filesUnder(join(root, "tests", "fixtures")).filter((path) => !path.includes("/fixtures/runs/"));
  const peers = ["step_speed.py", "speed.py", "reference.py"].map((name) => join(root, "tests", "peer", name));
  return [...fixtures, ...peers].map((source) => plain(source, join("app", relative(root, source))));
}

/**
 * Writes the archive.
 *
 * @param output its path.
 * @throws {SluiceError} if a part cannot be built, or the archive is too large.
 */
export async function makeKit(output: string, { native, level, limit = Infinity }: KitParts): Promise<void> {
  const cpu = join(await build(libraryPlan), "libsluice_cpu.so");
  const launcher = join(await build(launcherPlan), "sluice_launcher");
  const work = Deno.makeTempDirSync({ prefix: "sluice-kit-" });
  try {
    const programs = join(work, "programs");
    Deno.mkdirSync(programs);
    await bundlePrograms(programs);
    const libraries = await libraryFiles([cpu, ...native]);
    const files = [
      { source: Deno.execPath(), path: "deno", executable: true },
      ...filesUnder(programs).map((source) => plain(source, relative(programs, source))),
      ...dataFiles(),
      ...libraries.map((file) => ({ ...file, executable: basename(file.source) === "sluice_tests" })),
    ];
    const folder = join(work, `sluice-gpu-kit-${denoJson.version}`);
    Deno.mkdirSync(folder);
    writeExecutable(join(folder, "kit"), launcher, {
      version: denoJson.version,
      program: "deno",
      arguments: ["run", ...isolation, "--allow-all", "{folder}/app/tests/cuda/kit.js"],
      files,
    }, level);
    Deno.writeTextFileSync(join(folder, "run.sh"), script, { mode: 0o755 });
    const archive = join(work, "kit.tar");
    // On the server the files belong to whoever unpacks them, and nobody else may write them: the launcher checks that.
    const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mode=go-w"];
    const packed = await execute("tar", ["-cf", archive, ...owner, "-C", work, basename(folder)]);
    if (!packed.success) throw new SluiceError(`the kit could not be packed: ${packed.output.trim()}`);
    const { size } = Deno.statSync(archive);
    if (size > limit) throw new SluiceError(`the kit has ${size} bytes, more than ${limit}`);
    copyFileSync(archive, `${output}.partial`);
    renameSync(`${output}.partial`, output);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Builds the CUDA library with its native tests, for GPUs from sm_80 on. @returns the files. */
export async function buildForGpus(): Promise<string[]> {
  const toolkit = await findToolkit();
  if (typeof toolkit === "string") throw new SluiceError(`the kit needs NVIDIA's toolkit: ${toolkit}`);
  const architectures = "-DCMAKE_CUDA_ARCHITECTURES=80-real;90-real;90-virtual";
  const folder = await build({
    ...cudaPlan,
    folder: "build-gpu-kit",
    options: [...cudaPlan.options, architectures, "-DSLUICE_TESTS=ON", `-DSLUICE_WHEELS=${toolkit.wheels}`],
    sources: [...cudaPlan.sources, join(root, "tests", "native")],
  });
  return ["libsluice_cuda.so", "sluice_tests"].map((name) => join(folder, name));
}

if (import.meta.main) {
  await runTask(async () => {
    const output = join(root, "dist", `sluice-gpu-kit-${denoJson.version}.tar`);
    Deno.mkdirSync(join(root, "dist"), { recursive: true });
    await makeKit(output, { native: await buildForGpus(), level: RELEASE_LEVEL, limit: 50 * 2 ** 20 });
    const mebibytes = (Deno.statSync(output).size / 2 ** 20).toFixed(1);
    console.log(`${relative(Deno.cwd(), output)}: ${mebibytes} MiB; on the server: tar xf, then sh run.sh [minutes]`);
  });
}
