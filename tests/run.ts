/**
 * Runs every test, native and Deno, and ends with the line "N passed, N failed".
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build, libraryPlan, sanitizedTestsPlan } from "../native/build.ts";
import { compileExecutable } from "../native/compile.ts";
import { InvalidInputError, SluiceError } from "../src/errors.ts";
import { countTests, type TestCounts } from "./counts.ts";
import { deviceTests } from "./cuda/device_tests.ts";
import { buildStandIn, standInEnvironment } from "./cuda/stand_in.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Permissions of the Deno tests: all that the command has, running it, and a server of their own. */
const permissions = [
  "--allow-ffi",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-net=127.0.0.1",
];

/** Threads that wait sleep: spinning, they would starve each other wherever the machine has other work too. */
const waitPolicy = { OMP_WAIT_POLICY: "passive" };

/** zstd's level for the executable that is tested: what it holds is that of a release. */
const TEST_LEVEL = 3;

/** Runs a program, passes on what it prints, and counts the tests that its summary lines report. */
async function runTests(program: string, args: string[], env: Record<string, string> = {}): Promise<TestCounts> {
  const command = new Deno.Command(program, {
    args,
    env: { ...waitPolicy, ...env },
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    Deno.stdout.writeSync(chunk);
  }
  return countTests(text, (await child.status).success);
}

/** The native tests under the sanitizers: with all this processor offers, then with AVX2 only. */
async function nativeTests(): Promise<TestCounts[]> {
  const tests = ["--test-dir", await build(sanitizedTestsPlan), "--verbose"];
  return [await runTests("ctest", tests), await runTests("ctest", tests, { ONEDNN_MAX_CPU_ISA: "AVX2" })];
}

// Not by Deno's own `--ignore`, which holds for the first of several paths only.
/** The folders in a folder of the checkout. */
function foldersIn(folder: string): string[] {
  const entries = [...Deno.readDirSync(join(root, folder))].filter(({ isDirectory }) => isDirectory);
  return entries.map(({ name }) => join(folder, name, "/")).sort();
}

/** The files of tests in a folder of the checkout, and not in the folders there. */
function testFilesIn(folder: string): string[] {
  const entries = [...Deno.readDirSync(join(root, folder))].filter(({ name }) => name.endsWith("_test.ts"));
  return entries.map(({ name }) => join(folder, name)).sort();
}

/** Tests that only the single-file executable takes. */
const ofExecutable = join("tests", "executable", "/");

async function denoTests(): Promise<TestCounts> {
  const folders = foldersIn("tests").filter((folder) => folder !== ofExecutable);
  const paths = ["mod.ts", "src", ...folders, ...testFilesIn("tests")];
  const args = ["test", "--quiet", "--no-prompt", "--doc", ...permissions, ...paths];
  return await runTests(Deno.execPath(), args, { NO_COLOR: "1" });
}

/** The single-file executable: tests of its own, then those of the command line that start it as people do. */
async function executableTests(): Promise<TestCounts> {
  const { path, way } = await compileExecutable(join(root, "native", "build-packed", "sluice"), TEST_LEVEL);
  console.log(`the executable, ${way}`);
  const args = [
    "test",
    "--quiet",
    "--no-prompt",
    ...permissions,
    ofExecutable,
    ...testFilesIn(join("tests", "cli")),
  ];
  return await runTests(Deno.execPath(), args, { NO_COLOR: "1", SLUICE_TESTED_EXECUTABLE: path });
}

/** The CUDA library on the stand-in: the native tests, threads taken in three orders, then the tests of every device. */
async function standInTests(): Promise<TestCounts[]> {
  const folder = await buildStandIn();
  const counts: TestCounts[] = [];
  for (const order of ["ascending", "descending", "shuffled"]) {
    counts.push(
      await runTests("ctest", ["--test-dir", folder, "--verbose"], {
        HOSTCUDA_ORDER: order,
        // Before NVIDIA's own libraries, where this machine has them on its path.
        LD_LIBRARY_PATH: folder,
      }),
    );
  }
  const args = ["test", "--quiet", "--no-prompt", ...permissions, ...deviceTests];
  counts.push(await runTests(Deno.execPath(), args, { NO_COLOR: "1", ...await standInEnvironment(folder) }));
  return counts;
}

if (import.meta.main) {
  try {
    await build(libraryPlan);
    const counts = [...await nativeTests(), await denoTests(), await executableTests(), ...await standInTests()];
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    const failed = counts.reduce((sum, count) => sum + count.failed, 0);
    console.log(`${passed} passed, ${failed} failed`);
    if (failed > 0 || passed === 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    console.error(`sluice: ${error.message}`);
    console.log("0 passed, 1 failed");
    process.exitCode = error instanceof InvalidInputError ? 2 : 1;
  }
}
