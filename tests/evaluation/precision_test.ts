/**
 * Tests of evaluation in bf16: near f32, with every protocol, and without losing memory.
 *
 * @module
 */
import { assertEquals, assertGreater, assertLess, assertNotEquals } from "@std/assert";
import { ImageStores, shapes } from "../../src/data/mod.ts";
import { AugmentedFeatures, encodeSplit, Evaluator, SplitMasks, TrainingViews } from "../../src/evaluation/mod.ts";
import { type Architecture, DualNetwork, type Pass } from "../../src/models/mod.ts";
import { type Precision, Scope } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const dataset = shapes.open({ seed: 0, trainImages: 200, testImages: 60 });

/** Calls a test with an untrained network, half of whose channels are open, and its images. */
function withNetwork(arch: Architecture, test: (network: DualNetwork, stores: ImageStores) => void): void {
  const spec = { arch, width: 8, stem: "imagenet", image: 32 } as const;
  using network = new DualNetwork(device, { spec, projector: 8, seed: 1, gated: true, separateNorm: true });
  using stores = new ImageStores(device, dataset);
  test(network, stores);
}

/** |a - b| / |b|. */
function distance(a: Float32Array, b: Float32Array): number {
  const norm = (of: (index: number) => number) => Math.sqrt(b.reduce((sum, _, index) => sum + of(index) ** 2, 0));
  return norm((index) => (a[index] ?? NaN) - (b[index] ?? NaN)) / norm((index) => b[index] ?? NaN);
}

for (const arch of ["resnet18", "resnet50"] as const) {
  for (const pass of ["dense", "gated"] as const satisfies readonly Pass[]) {
    Deno.test({
      name: `${arch}: features of the ${pass} network in bf16 are near those of f32, and f32 stays as it was`,
      ignore: !device.description.bf16,
      fn: () =>
        withNetwork(arch, ({ encoder }, stores) => {
          const images = stores.evaluation(dataset.labelled.test);
          const decisions = new SplitMasks(images.set.count);
          encodeSplit(encoder, pass, images, { decisions })[Symbol.dispose]();
          // Logits of untrained gates lie near 0, where rounding decides; so both precisions get the same masks.
          const masks = pass === "gated" ? { masks: decisions } : {};
          const featuresIn = (precision?: Precision) => {
            const given = precision === undefined ? masks : { ...masks, precision };
            using encoded = encodeSplit(encoder, pass, images, given);
            return encoded.features.toFloat32();
          };
          const expected = featuresIn();
          const found = featuresIn("bf16");
          assertLess(distance(found, expected), 0.05);
          assertGreater(distance(found, expected), 1e-4, "bf16 rounds");
          assertEquals(featuresIn("bf16"), found);
          assertEquals(featuresIn("f32"), expected);
        }),
    });
  }
}

Deno.test({
  name: "every protocol evaluates in bf16, with the same numbers each time, and gives its memory back",
  ignore: !device.description.bf16,
  fn: () =>
    withNetwork("resnet18", ({ encoder }, stores) => {
      using _scope = new Scope();
      const evaluate = (precision: Precision) => {
        const evaluator = new Evaluator(stores, 3, precision);
        return (["dense", "gated"] as const).map((pass) =>
          evaluator.network(encoder, pass, { protocols: ["knn", "linear", "masks"] })
        );
      };
      const first = evaluate("bf16");
      encoder.freeCopies();
      const held = device.memory().inUse;
      assertEquals(evaluate("bf16"), first);
      assertNotEquals(evaluate("f32"), first);
      encoder.freeCopies();
      assertEquals(device.memory().inUse, held);
    }),
});

Deno.test({
  name: "the augmented probe encodes its views in bf16",
  ignore: !device.description.bf16,
  fn: () =>
    withNetwork("resnet18", ({ encoder }, stores) => {
      using _scope = new Scope();
      const encoded = (precision: Precision) => {
        const views = new TrainingViews(stores, dataset.labelled.train);
        return new AugmentedFeatures(views, 3, precision).encode(encoder, "dense", 0)[0].toFloat32();
      };
      const [found, expected] = [encoded("bf16"), encoded("f32")];
      assertLess(distance(found, expected), 0.05);
      assertNotEquals(found, expected);
    }),
});
