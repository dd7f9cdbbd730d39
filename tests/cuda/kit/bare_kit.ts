/**
 * Unpacks a GPU kit of the stand-in for a GPU in a bare root folder: no network, no compiler, no packages.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { realpathSync } from "node:fs";

import { build, hostcudaPlan } from "../../../native/tools/build.ts";
import { execute } from "../../../native/tools/packages.ts";
import type { Finished } from "../../cli/run_sluice.ts";
import { makeRoot, runInRoot, user } from "../../executable/bare_root.ts";
import { makeKit } from "./make.ts";
import { readResults, type SectionResult } from "./results.ts";

/** zstd's level: a kit for a server has the same content at a higher one. */
const LEVEL = 1;
const CUDNN = "libcudnn.so.9";
/** The folder of libraries in the root folder. */
const LIBRARIES = "/lib/x86_64-linux-gnu";

/** The name that programs ask the loader for: it lacks the last numbers of the file's. */
function sonameOf(path: string): string {
  return basename(path).replace(/(\.so\.\d+).*/, "$1");
}

/** The sanitizers' libraries, with which the stand-in is built. */
async function sanitizers(): Promise<string[]> {
  const paths = await Promise.all(["libasan.so", "libubsan.so"].map(async (name) => {
    const { output } = await execute("g++", [`-print-file-name=${name}`]);
    return realpathSync(output.trim());
  }));
  return paths;
}

/** Runs an unpacked kit. */
export type KitRunner = (...args: readonly string[]) => Promise<Finished>;

/** Unpacks a kit of the stand-in in a bare root folder. @returns a function that runs it there. */
export async function unpackKit(root: string): Promise<KitRunner> {
  const built = await build(hostcudaPlan);
  const names = ["libsluice_cuda.so", "sluice_tests", "libhostcuda.so", "libcublasLt.so.13"];
  const archive = join(root, "kit.tar");
  await makeKit(archive, { native: names.map((name) => join(built, name)), level: LEVEL });
  const libraries = await sanitizers();
  makeRoot(root, [
    { source: realpathSync("/bin/sh"), path: "bin/sh" },
    // As pip puts it among the user's own packages.
    { source: join(built, CUDNN), path: `home/user/.local/lib/python3.12/site-packages/nvidia/cudnn/lib/${CUDNN}` },
    ...libraries.map((source) => ({ source, path: join(LIBRARIES, sonameOf(source)) })),
  ]);
  const { success, output } = await execute("tar", ["-xf", archive, "-C", join(root, "work"), "--strip-components=1"]);
  assert(success, output);
  Deno.removeSync(archive);
  const owned = await execute("chown", ["-R", `${user}:${user}`, join(root, "work")]);
  assert(owned.success, owned.output);
  const variables = {
    LD_PRELOAD: `${sonameOf(libraries[0] ?? "")}:libstdc++.so.6`,
    ASAN_OPTIONS: "detect_leaks=0",
    LD_LIBRARY_PATH: LIBRARIES,
  };
  const script = 'cd /work && exec /bin/sh run.sh "$@"';
  return (...args) => runInRoot(root, ["/bin/sh", "-c", script, "sh", ...args], { variables });
}

/** Sections that need what only a server with a GPU has. */
const ofServers = /^PyTorch's step|memcheck|racecheck/;

/** Asserts that a section passed, or was skipped where only a server could run it. */
export function assertOutcome({ section, outcome, stdout, stderr }: SectionResult): void {
  assertEquals(outcome, ofServers.test(section) ? "skipped" : "passed", `${section}: ${stdout}\n${stderr}`);
}

/** The results of a run, from the file that it wrote. */
export function resultsOf(root: string, name = "gpu-results.jsonl"): readonly SectionResult[] {
  return readResults(join(root, "work", name));
}
