/**
 * Prints hashes of every operation's results and the scalars of a short run on the CUDA device, to compare two
 * processes bit for bit.
 *
 * @module
 */
import { createHash } from "node:crypto";

import { Device } from "../../src/device/mod.ts";
import { canRun, caseName, operationCases, outputsAndGradients } from "../../src/selftest/mod.ts";
import { shortRun } from "./short_run.ts";

using device = Device.open({ device: "cuda" });
for (const checked of operationCases.filter((candidate) => canRun(device, candidate))) {
  const { outputs, gradients } = outputsAndGradients(device, checked);
  const hash = createHash("sha256");
  for (const values of [...outputs, ...gradients.values()]) hash.update(Float64Array.from(values));
  console.log(`${caseName(checked)}: ${hash.digest("hex")}`);
}
console.log(JSON.stringify(shortRun(device, 2)));
