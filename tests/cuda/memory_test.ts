/**
 * A run that finds no memory for its batch, on a device of which a test can say how much it has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";

import { withFolder } from "../folders.ts";
import { runSluice } from "../cli/run_sluice.ts";

const tiny = [
  "--device",
  "cuda",
  "--dataset",
  "shapes",
  "--train-images",
  "128",
  "--test-images",
  "16",
  "--width",
  "4",
];
const brief = ["--projector", "16", "--epochs", "1", "--eval-every", "0", "--precision", "f32", "--quiet"];
const environment = { HOSTCUDA_MEMORY: String(24 * 2 ** 20) };

Deno.test({
  name: "a batch that does not fit the device is refused with the request, the memory in use and a batch that fits",
  ignore: Deno.env.get("SLUICE_TEST_STAND_IN") === undefined,
  fn: withFolder(async (folder) => {
    // In a process of its own: other tests hold memory of this one's device.
    const train = (batch: number, out: string) =>
      runSluice(["pretrain", ...tiny, ...brief, "--batch", String(batch), "--out", join(folder, out)], environment);
    const { status, stderr } = await train(128, "large");
    assert.equal(status, 1, stderr);
    const sentence =
      /^sluice: .*no room for \d+ bytes: \d+ bytes are in use.*; a batch of (\d+) would fit, give --batch \1$/m;
    assert.match(stderr, sentence);
    const fitting = Number(sentence.exec(stderr)?.[1]);
    assert.ok(fitting > 4 && fitting < 128, String(fitting));
    const again = await train(fitting, "fitting");
    assert.equal(again.status, 0, again.stderr);
  }),
});
