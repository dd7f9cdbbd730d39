/**
 * Runs the soak tests with small numbers of trials.
 *
 * @module
 */

import { assertKilledCallsLoseNothing, hasStrace } from "./killed_calls.ts";
import { assertKilledRunsGoOn } from "./killed_runs.ts";
import { mutateCifar, mutateStl10 } from "./mutated_datasets.ts";
import { mutateRuns } from "./mutated_runs.ts";
import { mutateSafetensors } from "./mutated_files.ts";
import { assertFlatStreaming } from "./streamed_stl10.ts";

Deno.test("2,000 damaged safetensors files are read or refused with a FormatError", () => {
  mutateSafetensors.run(0, 2_000);
});

Deno.test("300 data sets each of CIFAR-10 and STL-10 with a damaged file are read or refused by name", async () => {
  await mutateCifar.run(0, 300);
  await mutateStl10.run(0, 300);
});

Deno.test("300 runs with a damaged file are read as far as they are intact, or refused by name", async () => {
  await mutateRuns.run(0, 300);
});

Deno.test("memory is flat while 400 MB of STL-10 stream through the loader", () => {
  assertFlatStreaming(14_500);
});

Deno.test("5 runs killed at random moments end with the weights and metrics of an undisturbed run", async () => {
  await assertKilledRunsGoOn(0, 5);
});

Deno.test({
  name: "a run killed at its fourth and fifth rename loses no checkpoint (skipped if strace is missing)",
  ignore: !await hasStrace(),
  fn: () => assertKilledCallsLoseNothing(3, 5),
});
