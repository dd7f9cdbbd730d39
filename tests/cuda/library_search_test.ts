/**
 * Tests of where the CUDA library finds NVIDIA's libraries, each with libraries that stand for them in folders like
 * those of an installation.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import { existsSync } from "node:fs";

import { libraryPath, type Requirement } from "../../src/device/mod.ts";
import { type Finished, runShell, runSluice } from "../cli/run_sluice.ts";
import { denoFolder } from "../environment.ts";
import { withFolder } from "../folders.ts";
import { placeLibrary } from "./fake_libraries.ts";

const ignore = Deno.env.get("SLUICE_TEST_STAND_IN") === undefined;

/** Places cuDNN's library and, with the same release, its part. */
async function placeCudnn(folder: string, release: number, cuda = 13000): Promise<void> {
  await placeLibrary("CUDNN", join(folder, "libcudnn.so.9"), { release, cuda });
  await placeLibrary("CUDNN_GRAPH", join(folder, "libcudnn_graph.so.9"), { release });
}

/** Writes a program that nothing may run: the search only looks at its path. */
function placePython(path: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(path, "#!/bin/sh\nkill -9 $PPID\n", { mode: 0o755 });
}

type Variables = Readonly<Record<string, string>>;

/** A machine without any of NVIDIA's libraries but cuBLASLt, which lies beside sluice's own. */
interface BareMachine {
  /** The folder in which a test builds its installation. */
  readonly root: string;
  /** The folder of sluice's own libraries. */
  readonly own: string;
  /** The variables that make the machine bare. */
  readonly variables: Variables;
}

function onBareMachine(name: string, run: (machine: BareMachine) => Promise<void>): void {
  const fn = withFolder(async (root) => {
    const [own, built] = [join(root, "own"), dirname(libraryPath("cuda"))];
    Deno.mkdirSync(own);
    for (const file of ["libsluice_cuda.so", "libhostcuda.so", "libcublasLt.so.13"]) {
      Deno.copyFileSync(join(built, file), join(own, file));
    }
    Deno.symlinkSync(libraryPath("cpu"), join(own, "libsluice_cpu.so"));
    const elsewhere = { HOME: join(root, "home"), DENO_DIR: denoFolder(), PATH: "/nowhere" };
    const variables = { SLUICE_NATIVE: own, LD_LIBRARY_PATH: own, ...elsewhere };
    await run({ root, own, variables });
  });
  Deno.test({ name, ignore, fn });
}

const doctor = ["doctor", "--device", "cuda", "--json"];

/** What a document of `sluice doctor` says about each of NVIDIA's libraries. */
function requirementsIn({ stdout, stderr }: Finished): Readonly<Record<string, Requirement>> {
  assert(stdout !== "", stderr);
  const { libraries } = JSON.parse(stdout) as { libraries: { cuda: { requirements: Requirement[] } } };
  return Object.fromEntries(libraries.cuda.requirements.map((requirement) => [requirement.name, requirement]));
}

/** What `sluice doctor` says about each of NVIDIA's libraries on a bare machine with more variables. */
async function requirements({ variables }: BareMachine, more: Variables = {}) {
  return requirementsIn(await runSluice(doctor, { ...variables, ...more }));
}

/** A short benchmark of a small network. */
const step = ["bench", "step", "--precision", "f32", "--width", "4", "--batch", "2", "--steps", "1", "--threads", "1"];

/** Folder of pip's cuDNN in an installation of Python. */
const wheel = (prefix: string, python = "python3.12") =>
  join(prefix, "lib", python, "site-packages", "nvidia", "cudnn", "lib");

onBareMachine("libraries on the loader's paths are found first, with version and folder", async (machine) => {
  const { root } = machine;
  const [system, toolkit] = [join(root, "system"), join(root, "cuda")];
  await placeCudnn(system, 92801);
  await placeCudnn(join(toolkit, "lib64"), 91000);
  await placeLibrary("NVRTC", join(toolkit, "lib64", "libnvrtc.so.13"), { cuda: 13010 });
  await placeLibrary("NCCL", join(toolkit, "lib64", "libnccl.so.2"), { release: 22803 });
  const found = await requirements(machine, { LD_LIBRARY_PATH: `${join(root, "own")}:${system}`, CUDA_HOME: toolkit });
  assertEquals(found.cuDNN, { name: "cuDNN", needed: true, found: true, detail: `9.28.1, ${system}/libcudnn.so.9` });
  assertEquals(found.NVRTC, {
    name: "NVRTC",
    needed: false,
    found: true,
    detail: `13.1, ${toolkit}/lib64/libnvrtc.so.13`,
  });
  assertEquals(found.NCCL?.detail, `2.28.3, ${toolkit}/lib64/libnccl.so.2`);
});

onBareMachine("without NVRTC and NCCL a GPU can be used, and doctor says what they are for", async (machine) => {
  const { root } = machine;
  await placeCudnn(join(root, "cuda", "lib64"), 92801);
  const { NVRTC, NCCL, cuDNN } = await requirements(machine, { CUDA_HOME: join(root, "cuda") });
  assertEquals(cuDNN?.found, true);
  assertEquals([NVRTC?.needed, NVRTC?.found, NCCL?.needed, NCCL?.found], [false, false, false, false]);
  assertMatch(
    NVRTC?.detail ?? "",
    /^libnvrtc\.so\.13 was not found .*nvidia-cuda-nvrtc\).*; without it cuDNN has fewer/,
  );
  assertMatch(NCCL?.detail ?? "", /^libnccl\.so\.2 was not found .*; a run on one GPU does not use it$/);
});

onBareMachine(
  "a virtual environment whose python3 is the first on the PATH is found, active or not",
  async (machine) => {
    const { root } = machine;
    const environment = join(root, "venv");
    // A virtual environment's python3 is a link out of it.
    placePython(join(root, "python", "bin", "python3.12"));
    Deno.mkdirSync(join(environment, "bin"), { recursive: true });
    Deno.symlinkSync(join(root, "python", "bin", "python3.12"), join(environment, "bin", "python3"));
    await placeCudnn(wheel(environment), 92801);
    const path = `${join(root, "empty")}:${join(environment, "bin")}/:/usr/bin`;
    const detail = `9.28.1, ${wheel(environment)}/libcudnn.so.9`;
    assertEquals((await requirements(machine, { PATH: path })).cuDNN?.detail, detail);
    assertEquals((await requirements(machine, { VIRTUAL_ENV: environment })).cuDNN?.detail, detail);
  },
);

onBareMachine("no place that depends on the current folder is searched", async (machine) => {
  const { own, variables } = machine;
  const environment = join(own, ".venv");
  placePython(join(environment, "bin", "python3"));
  await placeCudnn(wheel(environment), 92801);
  const cd = `cd '${own}' && exec "$@"`;
  const { cuDNN } = requirementsIn(await runShell(cd, doctor, { ...variables, PATH: ".venv/bin::/usr/bin:/bin" }));
  assertEquals(cuDNN?.found, false);
  assertEquals((await requirements(machine, { PATH: join(environment, "bin") })).cuDNN?.found, true);
});

onBareMachine("uv's environment is found by its link to a Python elsewhere", async (machine) => {
  const { root } = machine;
  const python = join(root, "home", ".local", "share", "uv", "python", "cpython-3.13", "bin", "python3.13");
  placePython(python);
  const environment = join(root, "project", ".venv");
  Deno.mkdirSync(join(environment, "bin"), { recursive: true });
  Deno.symlinkSync(python, join(environment, "bin", "python"));
  Deno.symlinkSync("python", join(environment, "bin", "python3"));
  await placeCudnn(wheel(environment, "python3.13"), 92801);
  const { cuDNN } = await requirements(machine, { PATH: join(environment, "bin") });
  assertEquals(cuDNN?.detail, `9.28.1, ${wheel(environment, "python3.13")}/libcudnn.so.9`);
});

onBareMachine("conda's own libraries are found, and pip's in a conda environment before them", async (machine) => {
  const { root } = machine;
  const environment = join(root, "miniconda[3]", "envs", "torch");
  placePython(join(environment, "bin", "python3"));
  await placeCudnn(join(environment, "lib"), 91400);
  const variables = { PATH: join(environment, "bin") };
  assertEquals((await requirements(machine, variables)).cuDNN?.detail, `9.14.0, ${environment}/lib/libcudnn.so.9`);
  await placeCudnn(wheel(environment), 92801);
  assertEquals((await requirements(machine, variables)).cuDNN?.detail, `9.28.1, ${wheel(environment)}/libcudnn.so.9`);
  assertEquals((await requirements(machine, { CONDA_PREFIX: environment })).cuDNN?.found, true);
});

onBareMachine(
  "pyenv's versions take the place of its shims: the named one, the default one, then any",
  async (machine) => {
    const { root } = machine;
    const pyenv = join(root, "pyenv");
    const version = (name: string) => join(pyenv, "versions", name);
    placePython(join(pyenv, "shims", "python3"));
    await placeCudnn(wheel(version("3.11.9"), "python3.11"), 91100);
    await placeCudnn(wheel(version("3.12.4")), 91200);
    const variables = { PATH: join(pyenv, "shims"), PYENV_ROOT: pyenv };
    const release = async (more: Record<string, string> = {}) =>
      (await requirements(machine, { ...variables, ...more })).cuDNN?.detail.split(",")[0];
    assertEquals(await release(), "9.11.0");
    Deno.writeTextFileSync(join(pyenv, "version"), "3.12.4\n");
    assertEquals(await release(), "9.12.0");
    assertEquals(await release({ PYENV_VERSION: "3.11.9" }), "9.11.0");
    // pyenv calls the Python behind its shims "system".
    const system = join(root, "system");
    placePython(join(system, "bin", "python3"));
    await placeCudnn(join(system, "lib", "python3", "dist-packages", "nvidia", "cudnn", "lib"), 91300);
    Deno.removeSync(join(pyenv, "versions"), { recursive: true });
    assertEquals(await release({ PATH: `${join(pyenv, "shims")}:${join(system, "bin")}` }), "9.13.0");
  },
);

onBareMachine("SLUICE_CUDA_LIBS wins over all, and parts of two releases do not mix", async (machine) => {
  const { root, own, variables: bare } = machine;
  const [named, system] = [join(root, "named"), join(root, "system")];
  await placeCudnn(named, 92000);
  await placeCudnn(system, 92801);
  const variables = { SLUICE_CUDA_LIBS: named, LD_LIBRARY_PATH: `${own}:${system}` };
  assertEquals((await requirements(machine, variables)).cuDNN?.detail, `9.20.0, ${named}/libcudnn.so.9`);
  const together = await runSluice([...step, "--device", "cuda"], { ...bare, ...variables });
  // The library that stands for cuDNN has no convolutions, so the step fails later.
  assertMatch(together.stderr, /FAKE_WITHOUT_CONVOLUTIONS/, together.stdout);
  // A part that the named folder lacks comes from the other release. cuDNN notices, and the message says why.
  Deno.removeSync(join(named, "libcudnn_graph.so.9"));
  const mixed = await runSluice([...step, "--device", "cuda"], { ...bare, ...variables });
  assertEquals(mixed.status, 1, mixed.stderr);
  assertMatch(
    mixed.stderr,
    /CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH; cuDNN's parts come from \S+ and \S+: name a folder/,
  );
  for (const folder of [named, system]) assert(mixed.stderr.includes(folder), mixed.stderr);
});

onBareMachine(
  "a library of SLUICE_CUDA_LIBS that cannot be loaded is refused, although there is another",
  async (machine) => {
    const named = join(machine.root, "named");
    await placeCudnn(join(machine.root, "cuda", "lib64"), 92801);
    Deno.mkdirSync(named);
    Deno.writeTextFileSync(join(named, "libcudnn.so.9"), "damaged");
    const { cuDNN } = await requirements(machine, { SLUICE_CUDA_LIBS: named, CUDA_HOME: join(machine.root, "cuda") });
    assertEquals(cuDNN?.found, false);
    assertMatch(cuDNN?.detail ?? "", /^SLUICE_CUDA_LIBS has a library that cannot be loaded: .*libcudnn\.so\.9: /);
  },
);

onBareMachine("a folder of SLUICE_CUDA_LIBS that does not exist is refused", async (machine) => {
  const { root } = machine;
  await placeCudnn(join(root, "cuda", "lib64"), 92801);
  const missing = join(root, "missing");
  assert(!existsSync(missing));
  const { cuDNN } = await requirements(machine, {
    SLUICE_CUDA_LIBS: `${missing}:${root}`,
    CUDA_HOME: join(root, "cuda"),
  });
  assertEquals(cuDNN?.found, false);
  assertEquals(
    cuDNN?.detail,
    `SLUICE_CUDA_LIBS names ${missing}, which is not a folder: name folders that exist, separated by colons, or unset it`,
  );
});

onBareMachine("cuDNN 8 alone is named, with what to install", async (machine) => {
  const { root } = machine;
  const path = join(root, "cuda", "lib64", "libcudnn.so.8");
  await placeLibrary("CUDNN", path, { release: 8907 });
  const { cuDNN } = await requirements(machine, { CUDA_HOME: join(root, "cuda") });
  assertEquals(cuDNN?.found, false);
  assertMatch(
    cuDNN?.detail ?? "",
    /^libcudnn\.so\.9 was not found .*libcudnn\.so\.8\): install cuDNN 9 \(pip: nvidia-cudnn-cu13\), or name its folder in SLUICE_CUDA_LIBS$/,
  );
  assert(cuDNN?.detail.includes(`(found instead: ${path})`), cuDNN?.detail);
});

onBareMachine("cuDNN for another CUDA than the library's is refused", async (machine) => {
  const { root } = machine;
  const folder = join(root, "cuda", "lib64");
  await placeCudnn(folder, 92801, 12080);
  const { cuDNN } = await requirements(machine, { CUDA_HOME: join(root, "cuda") });
  assertEquals(cuDNN?.found, false);
  assertEquals(
    cuDNN?.detail,
    `${folder}/libcudnn.so.9 is cuDNN 9.28.1 for CUDA 12, but this library was built for CUDA 13: ` +
      "install nvidia-cudnn-cu13, or name its folder in SLUICE_CUDA_LIBS",
  );
});

onBareMachine(
  "with --device auto, the reason why a visible GPU is not used is a remark",
  async ({ root, own, variables }) => {
    const driver = join(root, "driver");
    await placeLibrary("DRIVER", join(driver, "libcuda.so.1"), { gpus: 1 });
    const visible = { ...variables, LD_LIBRARY_PATH: `${own}:${driver}` };
    const auto = [...step, "--device", "auto"];
    const unusable = await runSluice(auto, visible);
    assertEquals(unusable.status, 0, unusable.stderr);
    assertMatch(
      unusable.stderr,
      /^GPU of the first kind: not used, libcudnn\.so\.9 was not found .*: install cuDNN 9/m,
    );
    Deno.removeSync(join(own, "libsluice_cuda.so"));
    const missing = await runSluice(auto, visible);
    assertEquals(missing.status, 0, missing.stderr);
    assertMatch(missing.stderr, /^GPU of the first kind: not used, because sluice's CUDA library is missing: /m);
    assertEquals((await runSluice([...step, "--device", "cpu"], visible)).stderr.includes("not used"), false);
  },
);
