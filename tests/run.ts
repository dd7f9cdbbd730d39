/**
 * Runs every test, native and Deno, and ends with the line "N passed, N failed".
 *
 * @module
 */

import { join } from "@std/path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import pLimit from "p-limit";
import { build, libraryPlan, sanitizedTestsPlan } from "../native/tools/build.ts";
import { compileExecutable } from "../native/executable/compile.ts";
import { InvalidInputError, SluiceError } from "../src/errors.ts";
import { deviceTests } from "./cuda/device_tests.ts";
import { buildStandIn, standInEnvironment } from "./cuda/stand_in.ts";
import { buildWithNewerOneDnn, newerOneDnnTests } from "./onednn/newer.ts";
import { packagedTests } from "./executable/packaged_tests.ts";
import { denoSuite, describe, runSuite, type Suite, type SuiteResult } from "./suite.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** zstd's level for the executable that is tested; a release has the same content at a higher level. */
const TEST_LEVEL = 3;

/** Folders whose tests take long enough to be a suite of their own. */
const slowFolders = ["cuda", "cli", "training", "soak"];

/**
 * The native tests under the sanitizers: with all that this processor offers, with AVX2 only, and those of convolutions
 * with plain tiles in place of AMX's.
 */
async function nativeSuites(): Promise<Suite[]> {
  const folder = await build(sanitizedTestsPlan);
  const args = ["--test-dir", folder, "--verbose"];
  return [
    { name: "native tests", program: "ctest", args },
    { name: "native tests, AVX2", program: "ctest", args, env: { ONEDNN_MAX_CPU_ISA: "AVX2" } },
    {
      name: "native tests, plain tiles",
      program: join(folder, "sluice_tests"),
      args: ["--source-file=*conv_test.cpp"],
      env: { SLUICE_PLAIN_TILES: "1" },
    },
  ];
}

// Not by Deno's own `--ignore`, which holds for the first of several paths only.
/** The Deno tests: each slow folder alone, and all others with the examples in the documentation. */
function denoSuites(): Suite[] {
  const entries = [...Deno.readDirSync(join(root, "tests"))];
  const folders = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
    .filter((name) => name !== "executable" && !slowFolders.includes(name)).sort();
  const files = entries.map(({ name }) => name).filter((name) => name.endsWith("_test.ts")).sort();
  const paths = ["mod.ts", "src", ...folders.map((name) => join("tests", name, "/")), ...files.map(inTests)];
  return [
    ...slowFolders.map((name) => denoSuite(`Deno tests, ${name}`, [join("tests", name, "/")])),
    denoSuite("Deno tests, all others", paths, {}, ["--doc"]),
  ];
}

function inTests(name: string): string {
  return join("tests", name);
}

/** The single-file executable: tests of its own, and the tests of the command line that packaging may break. */
async function executableSuites(): Promise<Suite[]> {
  const { path, way } = await compileExecutable(join(root, "native", "build-packed", "sluice"), TEST_LEVEL);
  console.log(`the executable, ${way}`);
  const env = { SLUICE_TESTED_EXECUTABLE: path };
  return [
    denoSuite("executable", [join("tests", "executable", "/")], env),
    denoSuite("executable, command line", packagedTests, env),
  ];
}

/**
 * The CUDA library on the stand-in: the native tests with threads in three orders, in one of them with as many
 * processors as a large GPU has, and the tests of every device.
 */
async function standInSuites(): Promise<Suite[]> {
  const folder = await buildStandIn();
  const args = ["--test-dir", folder, "--verbose"];
  // Found before NVIDIA's own libraries, if this machine has them on its path.
  const env = { LD_LIBRARY_PATH: folder };
  const native = ["ascending", "descending", "shuffled"].map((order) => ({
    name: `CUDA stand-in, native tests, threads ${order}`,
    program: "ctest",
    args,
    env: { ...env, HOSTCUDA_ORDER: order, ...(order === "shuffled" ? { HOSTCUDA_MULTIPROCESSORS: "132" } : {}) },
  }));
  // One process for each file: devices of earlier files hold memory, all of which the stand-in marks at each access.
  const environment = await standInEnvironment(folder);
  return [...deviceTests.map((path) => denoSuite(`CUDA stand-in, ${path}`, [path], environment)), ...native];
}

/** The CPU library with a newer oneDNN than the system's: every operation, and PyTorch's results. */
async function newerOneDnnSuites(): Promise<Suite[]> {
  const built = await buildWithNewerOneDnn();
  if ("folder" in built) return [denoSuite("oneDNN 3", newerOneDnnTests, { SLUICE_NATIVE: built.folder })];
  console.error(`the tests with oneDNN 3 are skipped: ${built.skipped}`);
  return [];
}

/** Builds what some suites need; a build that fails counts as one failed test. */
async function prepare(name: string, suites: () => Promise<Suite[]>): Promise<Suite[] | SuiteResult> {
  try {
    return await suites();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    console.error(`sluice: ${error.message}`);
    return { name, passed: 0, failed: 1, seconds: 0 };
  }
}

/**
 * Builds everything, then runs the suites, as many at a time as there are processors. The builds come first because
 * each uses all processors, and because some tests read the whole checkout.
 */
async function runAll(): Promise<SuiteResult[]> {
  await build(libraryPlan);
  const prepared = await Promise.all([
    prepare("build of the executable", executableSuites),
    prepare("build of the native tests", nativeSuites),
    prepare("build of the CUDA stand-in", standInSuites),
    prepare("build with oneDNN 3", newerOneDnnSuites),
  ]);
  const limit = pLimit(navigator.hardwareConcurrency);
  const suites = [...denoSuites(), ...prepared.flatMap((one) => Array.isArray(one) ? one : [])];
  const results = await Promise.all(suites.map((suite) => limit(() => runSuite(suite))));
  return [...results, ...prepared.flatMap((one) => Array.isArray(one) ? [] : [one])];
}

if (import.meta.main) {
  let [passed, failed] = [0, 0];
  try {
    for (const result of await runAll()) {
      passed += result.passed;
      failed += result.failed;
      console.log(describe(result));
    }
    if (failed > 0 || passed === 0) process.exitCode = 1;
  } catch (error) {
    failed++;
    console.error(error instanceof SluiceError ? `sluice: ${error.message}` : error);
    process.exitCode = error instanceof InvalidInputError ? 2 : 1;
  }
  console.log(`${passed} passed, ${failed} failed`);
}
