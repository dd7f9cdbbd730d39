/**
 * Tests of the requirements of the CUDA library, and of doctor on a machine without one of them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

import { Device, libraryPath, requirementsOf } from "../../src/device/mod.ts";
import { runSluice } from "../cli/run_sluice.ts";
import { denoFolder } from "../environment.ts";

const ignore = Deno.env.get("SLUICE_TEST_STAND_IN") === undefined;

Deno.test({
  name: "the CUDA library reports version and path of each requirement, and auto opens its device",
  ignore,
  fn: () => {
    const requirements = requirementsOf("cuda");
    assertEquals(requirements.map(({ name, needed }) => [name, needed]), [
      ["NVIDIA driver", true],
      ["cuDNN", true],
      ["cuBLASLt", true],
      ["NVRTC", false],
      ["NCCL", false],
    ]);
    assert(requirements.every(({ needed, found }) => found || !needed));
    assertEquals(requirementsOf("cuda", "needed"), requirements.slice(0, 3));
    assertMatch(requirements[1]?.detail ?? "", /^\d+\.\d+\.\d+, \/.*libcudnn\.so\.9$/);
    using device = Device.open();
    assertEquals(device.kind, "cuda");
  },
});

Deno.test({
  name: "without cuDNN doctor lists the searched folders and the remedy, and auto opens the CPU",
  ignore,
  fn: async () => {
    const folder = Deno.makeTempDirSync();
    try {
      const built = join(libraryPath("cuda"), "..");
      for (const name of ["libsluice_cuda.so", "libhostcuda.so"]) {
        Deno.copyFileSync(join(built, name), join(folder, name));
      }
      Deno.symlinkSync(libraryPath("cpu"), join(folder, "libsluice_cpu.so"));
      const elsewhere = {
        SLUICE_NATIVE: folder,
        LD_LIBRARY_PATH: folder,
        HOME: join(folder, "home"),
        DENO_DIR: denoFolder(),
        CUDA_HOME: "/nowhere/cuda",
      };
      const cuda = await runSluice(["doctor", "--device", "cuda", "--json"], elsewhere);
      assertEquals(cuda.status, 1, cuda.stderr);
      const { problems, device } = JSON.parse(cuda.stdout) as { problems: string[]; device: unknown };
      assertEquals(device, null);
      assertMatch(
        problems.join(),
        /cuDNN: libcudnn\.so\.9 was not found .*\/nowhere\/cuda, .*: install cuDNN 9 \(pip: /,
      );
      const auto = await runSluice(["doctor", "--json"], elsewhere);
      assertEquals(auto.status, 0, auto.stderr);
      assertEquals((JSON.parse(auto.stdout) as { device: { kind: string } }).device.kind, "cpu");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
