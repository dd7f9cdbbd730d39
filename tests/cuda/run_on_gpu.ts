/**
 * Runs everything that needs a GPU on the first GPU: the device tests, the native tests under NVIDIA's memory and race
 * checkers, and the benchmarks.
 *
 * @module
 */
import { join } from "@std/path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { build, cudaPlan, libraryPlan } from "../../native/tools/build.ts";
import { execute } from "../../native/tools/packages.ts";
import { SluiceError } from "../../src/errors.ts";
import { countTests } from "../counts.ts";
import { deviceTests, gpuTests } from "./device_tests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const permissions = ["--allow-ffi", "--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys"];

/** Runs a program, and prints its output. @returns the output, and whether the program succeeded. */
async function show(title: string, program: string, args: string[], env: Record<string, string> = {}) {
  console.log(`\n== ${title}`);
  const command = new Deno.Command(program, {
    args,
    env,
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  const text = new TextDecoder().decode(stdout);
  console.log(text.trimEnd());
  return { success, text };
}

/** Native tests that reach every kernel at small sizes: under a checker, a test is about a hundred times slower. */
const checkedTests = [
  "gate",
  "gather",
  "norm",
  "pool",
  "reduce",
  "topk",
  "cross_entropy",
  "optim",
  "augment",
  "gated",
  "gated_table",
];

async function nativeTests(folder: string): Promise<boolean[]> {
  const program = join(folder, "sluice_tests");
  const passed = [(await show("native tests", program, [])).success];
  if (!(await execute("compute-sanitizer", ["--version"])).success) {
    console.log("compute-sanitizer is not on the PATH: the checks of memory and races are skipped");
    return passed;
  }
  for (const tool of ["memcheck", "racecheck"]) {
    const files = checkedTests.map((name) => `*${name}_test.cpp`).join(",");
    const args = ["--tool", tool, "--error-exitcode", "1", program, `--source-file=${files}`];
    passed.push((await show(`native tests under ${tool}`, "compute-sanitizer", args)).success);
  }
  return passed;
}

async function benchmarks(library: Record<string, string>): Promise<boolean[]> {
  const sluice = ["task", "--quiet", "sluice", "bench"];
  const runs = [
    ["step", "--width", "64", "--stem", "cifar-paper", "--precision", "bf16", "--profile"],
    ["step", "--width", "64", "--stem", "cifar-paper", "--precision", "f32"],
    ["infer", "--width", "64", "--stem", "cifar-paper"],
    ["ops"],
  ];
  const passed: boolean[] = [];
  for (const run of runs) {
    const args = [...sluice, ...run, "--device", "cuda", "--quiet"];
    passed.push((await show(`sluice bench ${run.join(" ")}`, Deno.execPath(), args, library)).success);
  }
  if ((await execute("python3", ["-c", "import torch; assert torch.cuda.is_available()"])).success) {
    const size = ["--batch", "256", "--width", "64", "--projector", "2048"];
    const args = ["tests/peer/step_speed.py", "--device", "cuda", ...size, "--precision", "bf16"];
    passed.push((await show("PyTorch's step", "python3", args)).success);
  } else console.log("PyTorch with CUDA is not installed for python3: the comparison is skipped");
  return passed;
}

/** Runs everything. @param capability compute capability, such as `9.0`. @returns whether all of it passed. */
async function runAll(capability: string): Promise<boolean> {
  await build(libraryPlan);
  const architecture = `-DCMAKE_CUDA_ARCHITECTURES=${capability.replace(".", "")}`;
  const options = [...cudaPlan.options, architecture, "-DSLUICE_TESTS=ON"];
  const sources = [...cudaPlan.sources, join(root, "tests", "native")];
  const folder = await build({ ...cudaPlan, folder: "build-cuda-native", options, sources });
  await Deno.copyFile(join(root, "native", "build", "libsluice_cpu.so"), join(folder, "libsluice_cpu.so"));
  const library = { SLUICE_NATIVE: folder };
  const passed = await nativeTests(folder);
  const args = ["test", "--quiet", "--no-prompt", ...permissions, ...deviceTests, ...gpuTests];
  const tests = await show("tests of the device", Deno.execPath(), args, {
    NO_COLOR: "1",
    SLUICE_TEST_DEVICE: "cuda",
    ...library,
  });
  const counts = countTests(tests.text, tests.success);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  passed.push(tests.success, ...await benchmarks(library));
  return passed.every((isPassed) => isPassed);
}

if (import.meta.main) {
  const gpus = await execute("nvidia-smi", ["--query-gpu=compute_cap,name,driver_version", "--format=csv,noheader"]);
  if (!gpus.success) {
    console.log("skipped: no GPU was found (nvidia-smi does not run)");
  } else {
    console.log(gpus.output.trim());
    try {
      if (!await runAll(gpus.output.split(",")[0]?.trim() ?? "")) process.exitCode = 1;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      console.error(`sluice: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
