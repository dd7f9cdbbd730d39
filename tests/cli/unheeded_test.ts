/**
 * Tests of what the commands say about options that change nothing.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { withFolder } from "../folders.ts";
import { assertRefused, runSluice } from "./run_sluice.ts";

const tiny = [
  ...["--dataset", "shapes", "--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "8", "--epochs", "1", "--eval-every", "0"],
];

Deno.test(
  "a vanilla run says which flags it ignores, and a run without bounds that nothing relaxes them",
  withFolder(async (folder) => {
    const begun = async (name: string, ...flags: string[]) => {
      const { status, stderr } = await runSluice(["pretrain", ...tiny, ...flags, "--out", join(folder, name)]);
      assertEquals(status, 0, stderr);
      return stderr;
    };
    const vanilla = await begun("vanilla", "--mode", "vanilla", "--budget", "0.5", "--gate-warmup", "0");
    assertMatch(vanilla, /^--budget, --gate-warmup: a vanilla run has no gates, so this changes nothing$/m);
    const unbound = await begun("dual", "--bound-alpha", "1");
    assertMatch(unbound, /^--bound-alpha: the run has no bounds, so this changes nothing; --bounds brings them$/m);
    const bound = await begun("bound", "--bound-alpha", "1", "--bounds");
    assertEquals(bound.includes("changes nothing"), false);
  }),
);

Deno.test(
  "masks of a single image are refused before anything is evaluated, and before a sweep begins",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const { status, stderr } = await runSluice(["pretrain", ...tiny, "--test-images", "1", "--out", run]);
    assertEquals(status, 0, stderr);
    const message = /protocol masks: exchanges masks between images, and data set shapes has a single test image; /;
    await assertRefused(["evaluate", run, "--protocol", "knn,masks"], message);
    const spec = join(folder, "spec.yaml");
    Deno.writeTextFileSync(
      spec,
      "base: { dataset: shapes, train-images: 8, test-images: 1, batch: 8 }\nevaluate: [knn, masks]\nseeds: [0]\n",
    );
    await assertRefused(["sweep", spec, "--out", join(folder, "sweep"), "--dry-run"], message);
  }),
);
