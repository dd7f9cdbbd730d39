/**
 * Tests of `sluice doctor`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import type { Report } from "../../cli/examination.ts";
import { placeLibrary } from "../cuda/fake_libraries.ts";
import { withFolder } from "../folders.ts";
import { runSluice, testedExecutable } from "./run_sluice.ts";

/** Runs `doctor --json`. @returns the report and the exit status. */
async function examined(env: Readonly<Record<string, string>>, ...args: string[]): Promise<[Report, number]> {
  const { status, stdout, stderr } = await runSluice(["doctor", "--json", ...args], env);
  assertEquals(stderr, "");
  return [JSON.parse(stdout) as Report, status];
}

/** Variables that make a checkout believe it is the executable, with a folder of unpacked files. */
function packaged(cache: string): Record<string, string> {
  return { SLUICE_EXECUTABLE: "/opt/sluice/sluice", SLUICE_CACHE_FOLDER: cache };
}

Deno.test("doctor reports the resources of this process, and the device uses as many threads as processors", async () => {
  const [{ cores, device, limits, processor, memory, problems, executable, storage }, status] = await examined({});
  assertEquals(status, 0);
  assertEquals(problems, []);
  assertStrictEquals(device?.threads, limits.processors.usable);
  assertStrictEquals(cores, limits.processors.usable);
  assertEquals(memory, limits.memory.host);
  assertEquals([processor.isa, processor.bf16], [device?.isa, device?.bf16]);
  assertEquals([executable, storage.cache === null], [testedExecutable ?? null, testedExecutable === undefined]);
});

Deno.test("doctor says which oneDNN is in use, and what a newer one would bring", async () => {
  const [{ device, libraries }] = await examined({});
  if (device?.backend !== "oneDNN") return console.error("skipped: another library computes convolutions");
  const { backendVersion, isa } = device;
  const newer = isa === "avx512_core_amx"
    ? "computes bf16 faster with this processor's AMX"
    : "is no faster without AMX";
  const detail = backendVersion.startsWith("2.") ? `${backendVersion}; version 3 ${newer}` : backendVersion;
  assertEquals(libraries.cpu.requirements.map((requirement) => requirement.detail), [detail]);
});

Deno.test("doctor uses the threads that --threads gives", async () => {
  const [{ device }] = await examined({}, "--threads", "3");
  assertEquals(device?.threads, 3);
});

Deno.test("doctor's table has a row for every subject, and ends with the verdict", async () => {
  const { status, stdout } = await runSluice(["doctor"]);
  assertEquals(status, 0);
  const rows = ["processor", "cores", "memory", "CPU library", "CUDA library", "NVIDIA's driver", "threads", "home"];
  for (const row of [...rows, "current folder", "data folder", "temporary folder"]) {
    assertMatch(stdout, new RegExp(`^${row}  +\\S`, "m"));
  }
  assertNotMatch(stdout, /undefined|NaN|null/);
  assertEquals(/^executable's files/m.test(stdout), testedExecutable !== undefined);
  assertMatch(stdout, /\n\n(warning: .*\n)*(all is well|nothing essential is missing)\n$/);
});

Deno.test(
  "a warning is listed and does not change the exit status",
  withFolder(async (folder) => {
    const env = { TMPDIR: join(folder, "nowhere") };
    const [{ warnings, problems, storage }, status] = await examined(env);
    assertEquals(status, 0);
    assertEquals(problems, []);
    assertEquals(storage.temporary.exists, false);
    assertMatch(warnings.join("\n"), /^the temporary folder, .*nowhere, cannot be written: set TMPDIR/m);
    const { stdout } = await runSluice(["doctor"], env);
    assertMatch(stdout, /\nwarning: the temporary folder, .*\nnothing essential is missing\n$/);
  }),
);

Deno.test({
  name: "the executable's doctor shows the folder of its files, and no remedy mentions building",
  // The real executable repairs the files in its own folder, so this test would fail there.
  ignore: testedExecutable !== undefined,
  fn: withFolder(async (folder) => {
    const native = join(folder, "native");
    Deno.mkdirSync(native);
    Deno.writeFileSync(join(native, "libsluice_cpu.so"), new Uint8Array(2 ** 20));
    const env = { ...packaged(folder), SLUICE_NATIVE: native };
    const [{ storage, executable, problems }, status] = await examined(env);
    assertEquals(status, 1);
    assertEquals(executable, "/opt/sluice/sluice");
    assertEquals([storage.cache?.path, storage.cache?.bytes], [folder, 2 ** 20]);
    assertEquals(problems.length, 1);
    assert(problems[0]?.endsWith(`delete ${folder}: the next start makes it again`), problems.join());
    const { stdout } = await runSluice(["doctor"], env);
    assertMatch(stdout, /^executable {2,}\/opt\/sluice\/sluice\n/m);
    assertMatch(stdout, new RegExp(`^executable's files +1\\.0 MiB in ${folder} \\(`, "m"));
    assertNotMatch(stdout, /deno task/);
  }),
});

Deno.test(
  "doctor lists GPUs from the driver alone, and warns that they are unused without the CUDA library",
  withFolder(async (folder) => {
    await placeLibrary("DRIVER", join(folder, "libcuda.so.1"), { cuda: 12080, gpus: 2 });
    const env = { LD_LIBRARY_PATH: folder, SLUICE_NATIVE: join(folder, "nowhere") };
    const [{ nvidia, warnings, libraries, device }] = await examined(env);
    assertEquals([nvidia.cuda, nvidia.library, nvidia.fault], ["12.8", join(folder, "libcuda.so.1"), null]);
    assertEquals(nvidia.gpus, [
      { name: "GPU of the first kind", capability: "9.0", memory: 2 ** 33 },
      { name: "another", capability: "9.1", memory: 2 ** 34 },
    ]);
    assertEquals([libraries.cuda.found, device], [false, null]);
    assertMatch(warnings.join(), /^GPU of the first kind, another: not used, because sluice's CUDA library is missing/);
    const { stdout } = await runSluice(["doctor"], env);
    assertMatch(stdout, /^GPU 1 +another, 16384\.0 MiB, compute capability 9\.1$/m);
    const [chosen] = await examined(env, "--device", "cpu");
    assertNotMatch(chosen.warnings.join(), /not used/);
  }),
);

Deno.test(
  "a driver that refuses is reported with its reason and the remedy",
  withFolder(async (folder) => {
    await placeLibrary("DRIVER", join(folder, "libcuda.so.1"), { gpus: -1 });
    const [{ nvidia }, status] = await examined({ LD_LIBRARY_PATH: folder });
    assertEquals(status, 0);
    assertEquals(nvidia.gpus, []);
    assertMatch(
      nvidia.fault ?? "",
      /no GPU can be used \(no device is detected\): start a container with .*--gpus all/,
    );
  }),
);
