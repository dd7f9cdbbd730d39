/**
 * The oracle's scores and masks against plain float64 loops.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertStrictEquals,
} from "@std/assert";
import {
  alike,
  ChannelScorer,
  encodeSplit,
  type GateScores,
  gateUsage,
  meanMacs,
  meanScores,
  rankingPrices,
  recalibrateNorms,
  sampleScores,
  scoreThreshold,
  SplitMasks,
  StaticMask,
  staticMask,
} from "../../src/evaluation/mod.ts";
import {
  gatedMacs,
  type GatedResNet,
  gateSpecs,
  networkCost,
  type NetworkSpec,
  termShares,
} from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import {
  convolved,
  firstInput,
  normalisedRelu,
  plainNormImages,
  smallest,
  stateOf,
  statisticsOf,
  withImages,
} from "./plain_network.ts";

const bottleneck: NetworkSpec = { ...smallest, arch: "resnet50" };

/** MACs of a channel, another number for each gate. */
const prices = Array.from({ length: 32 }, (_, gate) => 100 + 17 * gate);

/** Norms of the columns of a weight OHWI: of the weights that read each input channel. */
function columnNorms(weight: Float32Array, inputs: number): number[] {
  const squares = new Array<number>(inputs).fill(0);
  weight.forEach((value, at) => squares[at % inputs] = (squares[at % inputs] ?? 0) + value ** 2);
  return squares.map(Math.sqrt);
}

/** Norms over the pixels of [count, pixels, channels], as [count, channels]. */
function pixelNorms(values: Float64Array, pixels: number, channels: number): number[] {
  const squares = new Array<number>(values.length / pixels).fill(0);
  values.forEach((value, at) => {
    const into = Math.floor(at / (pixels * channels)) * channels + at % channels;
    squares[into] = (squares[into] ?? 0) + value ** 2;
  });
  return squares.map(Math.sqrt);
}

Deno.test("a score is the norm of the channel's activations times that of the weights that read it, per MAC", () => {
  const count = 6;
  withImages(count, (encoder, images) => {
    const first = convolved(firstInput(encoder, images), stateOf(encoder, "layer1.0.conv1.weight"), 8, 4);
    const activations = normalisedRelu(first, statisticsOf(first, 4), count * 64);
    const weights = columnNorms(stateOf(encoder, "layer1.0.conv2.weight"), 4);
    using _norms = recalibrateNorms(encoder, plainNormImages(images), alike(StaticMask.allOpen(smallest)));
    const scores = sampleScores(encoder, images, new ChannelScorer(prices));
    assertEquals(scores.map(({ channels }) => channels), gateSpecs(smallest).map(({ channels }) => channels));
    // Six images are two runs in one batch, and keep their order.
    pixelNorms(activations, 64, 4).forEach((norm, at) => {
      // The running variance is the unbiased one, which the float64 loop divides by its count.
      const expected = norm * (weights[at % 4] ?? 0) / 100;
      assertAlmostEquals(scores[0]?.values[at] ?? NaN, expected, 3e-3 * expected, `score ${at}`);
    });
    const means = meanScores(scores);
    for (let channel = 0; channel < 4; channel++) {
      let mean = 0;
      for (let image = 0; image < count; image++) mean += (scores[0]?.values[image * 4 + channel] ?? 0) / count;
      assertAlmostEquals(means[0]?.[channel] ?? NaN, mean, 1e-9);
    }
  });
});

Deno.test("in a bottleneck the first gate's channels are read by the 3x3, the second gate's by the last convolution", () => {
  withImages(
    4,
    (encoder, images) => {
      const before = sampleScores(encoder, images, new ChannelScorer(prices));
      assertEquals(before.length, 32);
      const doubled = (name: string) => {
        const weight = encoder.state().get(name);
        assert(weight !== undefined);
        const values = weight.toFloat32();
        weight.write(values.map((value) => 2 * value));
        encoder.freeCopies();
        const after = sampleScores(encoder, images, new ChannelScorer(prices));
        weight.write(values);
        encoder.freeCopies();
        // Scores of the first block; gates before the weight see nothing of it.
        return [0, 1].map((gate) => {
          const [old, now] = [before[gate]?.values ?? [], after[gate]?.values ?? []];
          const at = [...old].findIndex((value) => value > 0);
          return Math.round(1e3 * (now[at] ?? NaN) / (old[at] ?? NaN)) / 1e3;
        });
      };
      assertStrictEquals(doubled("layer1.0.conv2.weight")[0], 2);
      assertEquals(doubled("layer1.0.conv3.weight"), [1, 2]);
    },
    { spec: bottleneck },
  );
});

/** Random scores of `images` images for the gates of a network. */
function drawn(spec: NetworkSpec, images: number): GateScores[] {
  const random = new RandomStream(4, 1, 0);
  return gateSpecs(spec).map(({ channels }) => ({
    channels,
    values: Float32Array.from({ length: images * channels }, () => random.uniform() ** 2),
  }));
}

/** Mean MACs of the images under the masks of a threshold. */
function macsOf(spec: NetworkSpec, scores: readonly GateScores[], images: number, threshold: number): number {
  const cost = networkCost(spec);
  let total = 0;
  for (let image = 0; image < images; image++) {
    const shares = scores.map(({ channels, values }) => {
      const own = values.subarray(image * channels, (image + 1) * channels);
      return own.filter((value) => value >= threshold).length / channels;
    });
    total += gatedMacs(cost, termShares(cost, shares));
  }
  return total / images;
}

Deno.test("the threshold is the one of all scores whose masks cost nearest to what is wanted", () => {
  const images = 5;
  for (const spec of [smallest, bottleneck]) {
    const cost = networkCost(spec);
    const scores = drawn(spec, images);
    const all = [...new Set(scores.flatMap(({ values }) => [...values]))].sort((a, b) => a - b);
    const floor = gatedMacs(cost, []);
    for (const share of [0.1, 0.3, 0.5, 0.9]) {
      const wanted = floor + share * (cost.macs + cost.gateMacs - floor);
      const macs = macsOf(spec, scores, images, scoreThreshold(scores, cost, wanted));
      // By bisection over the sorted scores.
      let [low, high] = [0, all.length - 1];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (macsOf(spec, scores, images, all[middle] ?? 0) >= wanted) low = middle;
        else high = middle;
      }
      const best = Math.min(
        ...[low, high].map((at) => Math.abs(macsOf(spec, scores, images, all[at] ?? 0) - wanted)),
      );
      assertAlmostEquals(Math.abs(macs - wanted), best, 1e-6 * wanted, `${spec.arch}, ${share}`);
    }
  }
});

Deno.test("at the full cost the threshold opens every channel, at the smallest none", () => {
  for (const spec of [smallest, bottleneck]) {
    const cost = networkCost(spec);
    const scores = drawn(spec, 3);
    assertStrictEquals(scoreThreshold(scores, cost, cost.macs + cost.gateMacs), 0);
    const threshold = scoreThreshold(scores, cost, gatedMacs(cost, []));
    assertStrictEquals(macsOf(spec, scores, 3, threshold), gatedMacs(cost, []));
  }
});

/** The oracle's masks of all images at a threshold, by gate. */
function oracleMasks(encoder: GatedResNet, images: Parameters<typeof encodeSplit>[2], threshold: number): SplitMasks {
  const masks = new SplitMasks(images.set.count);
  const scorer = new ChannelScorer(prices);
  using _features = encodeSplit(encoder, "gated", images, {
    masks: StaticMask.allOpen(encoder.spec),
    trace: scorer,
    encoded: (from) => masks.store(from, scorer.takeMasks(threshold)),
  });
  return masks;
}

Deno.test("the oracle's masks open the channels whose score reaches the threshold", () => {
  withImages(300, (encoder, images, device) => {
    const scores = sampleScores(encoder, images, new ChannelScorer(prices));
    const values = scores.flatMap((gate) => [...gate.values]).sort((a, b) => a - b);
    const threshold = values[Math.floor(0.6 * values.length)] ?? 0;
    const masks = oracleMasks(encoder, images, threshold);
    using _scope = new Scope();
    const open = masks.rows(device, 0, 300).flatMap((mask) => [...mask.toFloat32()]).filter((bit) => bit === 1).length;
    // Another composition of batches may round a score that equals the threshold to its other side.
    assertLess(Math.abs(open - 0.4 * values.length), 3);
  });
});

Deno.test("for a single image the static mask by its scores opens the oracle's channels", () => {
  for (const spec of [smallest, bottleneck]) {
    withImages(
      1,
      (encoder, images, device) => {
        using own = encodeSplit(encoder, "gated", images);
        const usage = gateUsage(spec, own);
        const scorer = new ChannelScorer(rankingPrices(usage));
        const scores = sampleScores(encoder, images, scorer);
        const threshold = scoreThreshold(scores, usage.cost, meanMacs(usage));
        using _scope = new Scope();
        const open = StaticMask.allOpen(spec).rows(device, 0, 1);
        encoder.evaluate("gated", images.normalised(0, 1), { masks: open, trace: scorer });
        const masks = scorer.takeMasks(threshold).map((mask) => Uint8Array.from(mask.toFloat32()));
        const { blocks } = staticMask("scorePerMac", usage, meanScores(scores));
        const count = (of: (own: number, fixed: number) => boolean) =>
          masks.flatMap((mask, gate) => [...mask].filter((bit, channel) => of(bit, blocks[gate]?.[channel] ?? NaN)))
            .length;
        const [both, oracleOnly] = [count((own, fixed) => own + fixed === 2), count((own, fixed) => own > fixed)];
        assertGreater(both, 10);
        assertLessOrEqual(oracleOnly, 1, "the oracle's last channel may exceed the cost");
        assertGreater(count((own, fixed) => own + fixed === 0), 10);
      },
      { spec },
    );
  }
});

Deno.test("at the full cost the oracle gives the features of the network with every channel open", () => {
  withImages(30, (encoder, images) => {
    using open = encodeSplit(encoder, "gated", images, { masks: StaticMask.allOpen(smallest) });
    using oracle = encodeSplit(encoder, "gated", images, { masks: oracleMasks(encoder, images, 0) });
    assertEquals(oracle.features.toFloat32(), open.features.toFloat32());
    assertEquals(oracle.openShares, gateSpecs(smallest).map(() => 1));
  });
});
