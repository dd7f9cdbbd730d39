/**
 * Tests of the CUDA library against NVIDIA's compiler, headers and libraries, without a GPU.
 *
 * @module
 */
import { assert, assertGreaterOrEqual } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";

import { build, cudaPlan } from "../../native/tools/build.ts";
import { execute } from "../../native/tools/packages.ts";
import { symbols } from "../../src/device/mod.ts";
import { findToolkit, type Toolkit } from "./toolkit.ts";

const standIn = fileURLToPath(new URL("../native/hostcuda", import.meta.url));
const found = await findToolkit();
if (typeof found === "string") console.error(`the tests of the CUDA build are skipped: ${found}`);

function test(name: string, run: (toolkit: Toolkit) => Promise<void>): void {
  Deno.test({ name, ignore: typeof found === "string", fn: () => run(found as Toolkit) });
}

/** Names of the functions in a table of the stand-in. */
function functionsOf(table: string): string[] {
  const text = Deno.readTextFileSync(join(standIn, "tables", `${table}.inc`));
  return [...text.matchAll(/^FUNCTION\([^,]+, (\w+),/gm)].map(([, name = ""]) => name);
}

test("nvcc compiles every CUDA source without a warning, and every function of the interface is exported", async (toolkit) => {
  // The oldest GPU alone: its compilation finds features that it lacks, and every further kind of GPU takes as long
  // again.
  const options = [...cudaPlan.options, `-DSLUICE_WHEELS=${toolkit.wheels}`, "-DCMAKE_CUDA_ARCHITECTURES=80-real"];
  const folder = await build({ ...cudaPlan, folder: "build-cuda-check", options });
  const library = join(folder, "libsluice_cuda.so");
  for (const [name, symbol] of Object.entries(symbols)) {
    Deno.dlopen(library, { [name]: symbol }).close();
  }
});

for (const table of ["cuda_runtime", "cudnn", "cublaslt"]) {
  test(`the stand-in's declarations in ${table}.inc agree with NVIDIA's headers`, async ({ includes }) => {
    const toolkit = (await execute("nvcc", ["--dryrun", "-x", "cu", "/dev/null"])).output;
    const home = /TOP=(\S+)/.exec(toolkit)?.[1] ?? "/usr/local/cuda/bin/..";
    const folders = [join(home, "include"), ...includes].flatMap((include) => ["-isystem", include]);
    const check = join(standIn, `check_${table}.cpp`);
    const { success, output } = await execute("g++", ["-std=c++17", "-fsyntax-only", ...folders, check]);
    assert(success, output);
  });
}

for (const [table, pattern] of [["cudnn", /^libcudnn\.so\.\d+$/], ["cublaslt", /^libcublasLt\.so\.\d+$/]] as const) {
  test(`NVIDIA's library has every function that ${table}.inc names`, (toolkit) => {
    const names = functionsOf(table);
    assertGreaterOrEqual(names.length, 8);
    const nothing = { parameters: [], result: "void" } as const;
    Deno.dlopen(toolkit.library(pattern), Object.fromEntries(names.map((name) => [name, nothing]))).close();
    return Promise.resolve();
  });
}
