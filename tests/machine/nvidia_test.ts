/**
 * Tests of reading the version of NVIDIA's driver, on simulated machines.
 *
 * @module
 */
import { assertStrictEquals } from "@std/assert";
import { examineNvidia } from "../../src/machine/mod.ts";
import { onSimulated } from "./drawn_machine.ts";

const versions = {
  "535.104.05": "NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023",
  "570.86.15": "NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@U16)",
  "550.54": "NVIDIA UNIX x86_64 Kernel Module  550.54  Thu Jan 1",
};
for (const [version, text] of Object.entries(versions)) {
  Deno.test(
    `the version of driver ${version} is read from the kernel's text`,
    onSimulated(
      { "/proc/driver/nvidia/version": `NVRM version: ${text}\nGCC version:  gcc version 12.2.0` },
      (system) => {
        const { kernelModule } = examineNvidia(system);
        assertStrictEquals(kernelModule, version);
      },
    ),
  );
}
