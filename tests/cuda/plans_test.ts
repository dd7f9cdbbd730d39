/**
 * Tests of measured convolution engines, which a run stores and another run can use.
 *
 * @module
 */

import { assertEquals, assertIsError, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Device, hasLibrary } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { preparePlans } from "../../src/training/mod.ts";
import { cudaDeviceFound } from "../devices.ts";
import { tinyRun } from "./tiny_run.ts";

Deno.test({
  name: "a run stores its measured engines, and another run with these engines gives the same bytes",
  ignore: !cudaDeviceFound(),
  fn: async () => {
    const byRule = await tinyRun({ batch: 8 });
    assertEquals(byRule.plans, null);
    const measured = await tinyRun({ batch: 8, autotune: true });
    assertMatch(measured.plans ?? "", /^sluice plans 2; .*\n(\d[-\d ]*\n|# .*\n)+$/);
    const file = Deno.makeTempFileSync();
    try {
      Deno.writeTextFileSync(file, measured.plans ?? "");
      assertEquals(await tinyRun({ batch: 8, plans: file }), measured);
      Deno.writeTextFileSync(file, "sluice plans 2; another device; sm_10; cuDNN 1.0.0\n");
      await assertRejects(() => tinyRun({ batch: 8, plans: file }), InvalidInputError);
    } finally {
      Deno.removeSync(file);
    }
  },
});

Deno.test({
  name: "--autotune and --plans are refused on the CPU",
  ignore: !hasLibrary("cpu"),
  fn: () => {
    using device = Device.open({ device: "cpu" });
    assertIsError(
      assertThrows(() => preparePlans(device, { autotune: true, plans: null })),
      InvalidInputError,
      /^--autotune: .* has a single engine; leave it out$/,
    );
    assertIsError(
      assertThrows(() => preparePlans(device, { autotune: false, plans: "/nowhere" })),
      InvalidInputError,
      /^--plans \/nowhere: cannot be read \(.*\); give the plans.txt of a run with --autotune$/,
    );
  },
});
