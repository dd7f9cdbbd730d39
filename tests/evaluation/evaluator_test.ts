/**
 * Tests the evaluator on a small untrained network: repetition, exchanged masks, augmented probes.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import { ImageStores, shapes } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import {
  allSteps,
  AugmentedFeatures,
  augmentedProbes,
  encodeSplit,
  Evaluator,
  staticWays,
  steppedRate,
  TrainingViews,
} from "../../src/evaluation/mod.ts";
import {
  blockSpecs,
  DualNetwork,
  gatedMacs,
  gateSpecs,
  networkCost,
  type NetworkSpec,
  termShares,
} from "../../src/models/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const dataset = shapes.open({ seed: 0, trainImages: 300, testImages: 60 });
const resnet18: NetworkSpec = { arch: "resnet18", width: 4, stem: "imagenet", image: 32 };
const resnet50: NetworkSpec = { ...resnet18, arch: "resnet50" };

/** Calls a test with a network and its images. */
function withNetwork(
  test: (network: DualNetwork, stores: ImageStores, device: Device) => void,
  onDevice = true,
  spec: NetworkSpec = resnet18,
  gateBias: number | null = null,
): void {
  using device = openDevice();
  using network = new DualNetwork(device, { spec, projector: 8, seed: 1, gated: true, separateNorm: true, gateBias });
  using stores = new ImageStores(device, dataset, { onDevice });
  test(network, stores, device);
}

const all = { protocols: ["knn", "linear", "masks"] } as const;

Deno.test("repeating an evaluation gives the same numbers, and another seed gives other masks and probes", () => {
  const results = [1, 2].map(() => {
    let result: unknown;
    withNetwork(({ encoder }, stores) => {
      const evaluator = new Evaluator(stores, 3);
      const first = evaluator.network(encoder, "gated", all);
      assertEquals(evaluator.network(encoder, "gated", all), first, "in one process");
      const { masks, linear } = new Evaluator(stores, 4).network(encoder, "gated", all);
      assertNotEquals(masks?.exchanged, first.masks?.exchanged, "another seed exchanges other masks");
      assertNotEquals(linear, first.linear, "another seed probes in another order");
      result = first;
    });
    return result;
  });
  assertEquals(results[0], results[1]);
});

Deno.test("masks are judged by the given protocols, and for the gated network only", () => {
  withNetwork(({ encoder }, stores) => {
    const evaluator = new Evaluator(stores, 3);
    const { masks, cost, channels, knn20 } = evaluator.network(encoder, "gated", { protocols: ["knn", "masks"] });
    assert(masks !== undefined);
    assertEquals(Object.keys(masks).sort(), [
      "exchanged",
      "openRecalibrated",
      "oracle",
      "own",
      "ownRecalibrated",
      "rho",
      "static",
      "staticWay",
      "statics",
    ]);
    const { statics, oracle, exchanged, ownRecalibrated, openRecalibrated } = masks;
    assertEquals(Object.keys(masks.own), ["knn1", "knn20"]);
    assertStrictEquals(masks.own.knn20, knn20);
    assertEquals(masks.staticWay, "mostOpen");
    assertEquals(masks.static, statics?.mostOpen.asIs);
    assertEquals(Object.keys(statics ?? {}), [...staticWays]);
    assertAlmostEquals(exchanged.cost?.macs ?? 0, cost.macs, 1e-3, "the same masks, for other images");
    assertStrictEquals(openRecalibrated?.cost.share, 1);
    const rows = Object.values(statics ?? {}).flatMap(({ asIs, recalibrated }) => [asIs, recalibrated]);
    for (const row of [...rows, oracle, ownRecalibrated, openRecalibrated, exchanged]) {
      assertEquals(Object.keys(row ?? {}), ["knn1", "knn20", "cost"]);
    }
    // Narrow blocks round coarsely, and neither the static networks nor the oracle pay for gates.
    for (const row of [...rows, oracle]) assertAlmostEquals(row?.cost.share ?? 0, cost.share, 0.03);
    assertGreater(masks.rho ?? 0, 0);
    assertLess(masks.rho ?? 1, 1);
    assertEquals(channels?.channels, 4 * 2 * (1 + 2 + 4 + 8));
    const dense = evaluator.network(encoder, "dense", { protocols: ["knn", "masks"] });
    assertEquals(Object.keys(dense), ["knn1", "knn20", "cost", "parts"]);
  });
});

Deno.test("judging masks leaves the network as it was, and names each part before it begins", () => {
  withNetwork(({ encoder }, stores) => {
    const state = () => new Map([...encoder.state()].map(([name, tensor]) => [name, tensor.toFloat32()]));
    const before = state();
    const stages: string[] = [];
    const progress = (stage: string) => stages.push(stage);
    new Evaluator(stores, 3).network(encoder, "gated", { protocols: ["knn", "masks"], progress });
    assertEquals(state(), before);
    assertEquals(stages.slice(0, 6), [
      "masks exchanged",
      "own masks, norms recalibrated",
      "all open, norms recalibrated",
      "oracle, norms recalibrated",
      "static: open most",
      "static: open most, norms recalibrated",
    ]);
    assertEquals(stages.length, 4 + 2 * staticWays.length);
  });
});

Deno.test("gates that are always open give the same accuracy under all masks, and masks that do not vary", () => {
  for (const spec of [resnet18, resnet50]) {
    withNetwork(
      ({ encoder }, stores) => {
        const { masks } = new Evaluator(stores, 3).network(encoder, "gated", { protocols: ["knn", "masks"] });
        assert(masks?.openRecalibrated !== undefined);
        const { statics, oracle, openRecalibrated } = masks;
        assertStrictEquals(masks.rho, 0);
        assertEquals(oracle, openRecalibrated);
        for (const { recalibrated } of Object.values(statics ?? {})) assertEquals(recalibrated, openRecalibrated);
        const { cost: _, ...asIs } = masks.static;
        assertEquals(asIs, masks.own);
      },
      true,
      spec,
      100,
    );
  }
});

Deno.test("a network of bottlenecks costs the mean of the costs of its images, and is reported by gate", () => {
  withNetwork(
    ({ encoder }, stores) => {
      const evaluator = new Evaluator(stores, 3);
      const { masks, cost, parts, channels } = evaluator.network(encoder, "gated", { protocols: ["knn", "masks"] });
      assertEquals(parts.map(({ name }) => name), ["stem", ...blockSpecs(resnet50).map(({ name }) => name)]);
      assertStrictEquals(parts.reduce((sum, { macs }) => sum + macs, 0), cost.macs);
      const costs = networkCost(resnet50);
      using _scope = new Scope();
      const { masks: decided } = encoder.evaluate("gated", stores.evaluation(dataset.labelled.test).normalised(0, 60));
      const bits = decided.map((mask) => mask.toFloat32());
      let macs = 0;
      for (let image = 0; image < 60; image++) {
        const shares = gateSpecs(resnet50).map(({ channels }, gate) => {
          const own = bits[gate]?.subarray(image * channels, (image + 1) * channels) ?? new Float32Array();
          return own.reduce((all, bit) => all + bit, 0) / channels;
        });
        macs += gatedMacs(costs, termShares(costs, shares)) / 60;
      }
      assertAlmostEquals(cost.macs / macs, 1, 1e-12, `${cost.macs}, not ${macs}`);
      assertLess(Math.abs((masks?.static.cost.macs ?? 0) + costs.gateMacs - cost.macs) / costs.macs, 0.01);
      const names = gateSpecs(resnet50).map(({ label }) => label);
      assertEquals(channels?.blocks.map(({ name }) => name), names);
      assertEquals(channels?.channels, 2 * (3 * 4 + 4 * 8 + 6 * 16 + 3 * 32));
      const { gates = [] } = allSteps(evaluator.health(encoder, "gated"));
      assertEquals(gates.map(({ name }) => name), names);
      assertEquals(gates[1]?.histogram.reduce((all, count) => all + count, 0), 4);
    },
    true,
    resnet50,
  );
});

Deno.test("giving an image the masks that its gates decide does not change its features", () => {
  withNetwork(({ encoder }, stores) => {
    const images = stores.evaluation(dataset.labelled.test);
    using own = encodeSplit(encoder, "gated", images);
    const rows = (from: number, to: number) => {
      using plain = images.normalised(from, to);
      return encoder.evaluate("gated", plain).masks;
    };
    using _scope = new Scope();
    using given = encodeSplit(encoder, "gated", images, { masks: { rows: (_, from, to) => rows(from, to) } });
    assertEquals(given.features.toFloat32(), own.features.toFloat32());
    assertEquals(given.openCounts, own.openCounts);
  });
});

Deno.test("several probes differ only in the order of images, and the first equals a single probe", () => {
  withNetwork(({ encoder }, stores) => {
    const evaluator = new Evaluator(stores, 3);
    const judge = (probeSeeds: number) => {
      return evaluator.network(encoder, "dense", { protocols: ["linear"], probeSeeds }).linear;
    };
    const [one, three] = [judge(1), judge(3)];
    assertEquals([one?.std, one?.seeds, three?.seeds], [null, 1, 3]);
    assertAlmostEquals(one?.top1 ?? 0, three?.top1 ?? 0, 10);
    assertGreaterOrEqual(three?.std?.top1 ?? -1, 0);
  });
});

Deno.test("augmented probes give the same numbers for images on host and device, and see new crops in each epoch", () => {
  const probe = (onDevice: boolean) => {
    let result: unknown;
    withNetwork(({ encoder }, stores) => {
      using test = encodeSplit(encoder, "gated", stores.evaluation(dataset.labelled.test));
      const train = new AugmentedFeatures(new TrainingViews(stores, dataset.labelled.train), 3);
      using _scope = new Scope();
      const [first, second] = train.encode(encoder, "gated", 0).map((features) => features.toFloat32());
      assertEquals(train.encode(encoder, "gated", 0)[1].toFloat32(), second);
      assertNotEquals(first, second);
      assertEquals(train.encode(encoder, "gated", 1)[0].toFloat32(), second);
      const queries = { features: test.features, labels: dataset.labelled.test.labels };
      result = augmentedProbes(encoder, "gated", train, queries, { classes: 10, seed: 3, epochs: 5 }, 2);
    }, onDevice);
    return result;
  };
  assertEquals(probe(true), probe(false));
});

Deno.test("the augmented probe's learning rate is divided by 10 after 60 and after 80 of 100 epochs", () => {
  const rates = [0, 59, 60, 79, 80, 99].map((epoch) => steppedRate(0.3, epoch, 100));
  [0.3, 0.3, 0.03, 0.03, 0.003, 0.003].forEach((rate, at) => assertAlmostEquals(rates[at] ?? 0, rate, 1e-12));
});
