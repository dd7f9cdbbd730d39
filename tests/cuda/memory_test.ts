/**
 * Tests of runs that do not fit the device, on the stand-in, whose memory a test can set.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

import { withFolder } from "../folders.ts";
import { runSluice } from "../cli/run_sluice.ts";

const tiny = [
  "--device",
  "cuda",
  "--dataset",
  "shapes",
  "--train-images",
  "256",
  "--test-images",
  "16",
  "--width",
  "4",
];
const brief = ["--projector", "16", "--epochs", "1", "--eval-every", "0", "--precision", "f32", "--quiet"];

/**
 * Runs a command on a device of a given size, in a separate process: this process's device may hold memory of other
 * tests.
 */
function onDevice(mebibytes: number, args: readonly string[]) {
  return runSluice(args, { HOSTCUDA_MEMORY: String(mebibytes * 2 ** 20) });
}

Deno.test({
  name:
    "a batch that does not fit the device is refused with one that does, and a step says so if memory has shrunk since",
  ignore: Deno.env.get("SLUICE_TEST_STAND_IN") === undefined,
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    const train = (batch: number) =>
      onDevice(120, ["pretrain", ...tiny, ...brief, "--batch", String(batch), "--out", run]);
    const refused = await train(256);
    assertEquals(refused.status, 2, refused.stderr);
    const refusal =
      /^sluice: --batch 256: needs about \d+ MB of memory, and there are 126 MB; give --batch (\d+) or less$/m;
    assertMatch(refused.stderr, refusal);
    const fitting = Number(refusal.exec(refused.stderr)?.[1]);
    assert(fitting > 32 && fitting < 256, String(fitting));
    const done = await train(fitting);
    assertEquals(done.status, 0, done.stderr);

    const longer = ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule", "--quiet"];
    const { status, stderr } = await onDevice(40, longer);
    assertEquals(status, 1, stderr);
    const sentence =
      /^sluice: .*no room for \d+ bytes: \d+ bytes are in use.*; a batch of (\d+) would fit, give --batch \1$/m;
    assertMatch(stderr, sentence);
    const smaller = Number(sentence.exec(stderr)?.[1]);
    assert(smaller > 4 && smaller < fitting, String(smaller));
  }),
});
