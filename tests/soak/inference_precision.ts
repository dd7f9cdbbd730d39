/**
 * Soak test: evaluating a trained run in bf16 gives what evaluating it in f32 gives, to within 0.3 points.
 *
 * @module
 */
import { assert, assertLessOrEqual } from "@std/assert";
import { basename, join } from "@std/path";
import { existsSync, mkdirSync } from "node:fs";
import { openDataset } from "../../src/config/open_dataset.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { storeOptions } from "../../src/config/options.ts";
import { ImageStores } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { encodeSplit, Evaluator, labelledSets, SplitMasks } from "../../src/evaluation/mod.ts";
import { DualNetwork, gateSpecs, type Pass } from "../../src/models/mod.ts";
import { networkOptions, trainedNetworks } from "../../src/config/network.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { loadCheckpoint } from "../../src/run/checkpoint.ts";
import type { Precision } from "../../src/tensor/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { withFolder } from "../folders.ts";
import type { SoakTest } from "./soak.ts";

/** The archive with all 60,000 images of CIFAR-10 as files. */
const archive = new URL("../../../shared/data/cifar10-jpeg.tar.gz", import.meta.url).pathname;
/** The most points by which an accuracy may differ. */
const MOST_POINTS = 0.3;

/** Accuracies of one network in percent, by measure. */
type Accuracies = ReadonlyMap<string, number>;

/** A network of a run, in f32 and in another precision. */
interface Comparison {
  readonly network: Pass;
  readonly expected: Accuracies;
  readonly found: Accuracies;
  /** Channels that are open in one precision and closed in the other, over all test images. */
  readonly flips: number;
  /** All decisions of the gates. */
  readonly decisions: number;
}

/** Evaluates the networks of a run in f32 and in another precision. */
export function comparePrecisions(run: RunFolder, precision: Precision): Comparison[] {
  const { config } = run;
  const dataset = openDataset(config);
  using device = Device.open(config);
  using stores = new ImageStores(device, dataset, { ...storeOptions(config), skipped: () => {} });
  const { test } = labelledSets(dataset);
  using network = new DualNetwork(device, networkOptions(config, test.height));
  loadCheckpoint(run.latestCheckpoint((line) => console.error(line)), network);
  const accuraciesOf = (pass: Pass, one: Precision): Accuracies => {
    const evaluator = new Evaluator(stores, config.seed, one);
    const { knn1, knn20, linear } = evaluator.network(network.encoderOf(pass), pass, { protocols: ["knn", "linear"] });
    return new Map([["1-NN", knn1 ?? NaN], ["20-NN", knn20 ?? NaN], ["probe", linear?.top1 ?? NaN]]);
  };
  const bitsOf = (pass: Pass, one: Precision): Float32Array[] => {
    const decisions = new SplitMasks(test.count);
    const encoder = network.encoderOf(pass);
    using _encoded = encodeSplit(encoder, pass, stores.evaluation(test), { decisions, precision: one });
    return decisions.rows(device, 0, test.count).map((mask) => {
      using owned = mask;
      return owned.toFloat32();
    });
  };
  return trainedNetworks(config.mode).map((pass) => {
    const [bits, others] = [bitsOf(pass, "f32"), bitsOf(pass, precision)];
    const flips = bits.map((gate, index) => gate.filter((bit, at) => bit !== others[index]?.[at]).length);
    const channels = gateSpecs(network.encoderOf(pass).spec).reduce((sum, gate) => sum + gate.channels, 0);
    return {
      network: pass,
      expected: accuraciesOf(pass, "f32"),
      found: accuraciesOf(pass, precision),
      flips: flips.reduce((sum, count) => sum + count, 0),
      decisions: pass === "gated" ? channels * test.count : 0,
    };
  });
}

/** Prints a comparison. Asserts that no accuracy differs by more than 0.3 points. */
function assertAlike(comparisons: readonly Comparison[], precision: Precision): void {
  for (const { network, expected, found, flips, decisions } of comparisons) {
    for (const [measure, percent] of expected) {
      const other = found.get(measure) ?? NaN;
      const line = `${network}, ${measure}: ${percent.toFixed(2)} % in f32, ${other.toFixed(2)} % in ${precision}`;
      console.error(line);
      assertLessOrEqual(Math.abs(other - percent), MOST_POINTS, line);
    }
    if (decisions > 0) console.error(`${network}: ${flips} of ${decisions} decisions of the gates differ`);
  }
}

/** Trains a small run on 10,000 images of CIFAR-10, and compares on all 10,000 test images. */
export const compareInference: SoakTest = {
  name: "evaluating in bf16 gives the accuracies of f32 to within 0.3 points",
  trials: 1,
  portion: 1,
  run: async () => {
    {
      using device = Device.open({ device: "cpu" });
      if (!device.description.bf16) return console.error("skipped: precisions of inference (no bf16 here)");
    }
    if (!existsSync(archive)) return console.error(`skipped: precisions of inference (${basename(archive)} is absent)`);
    await withFolder(async (folder) => {
      const data = join(folder, "images");
      mkdirSync(data);
      const { success } = await new Deno.Command("tar", { args: ["-xzf", archive, "-C", data] }).output();
      assert(success, `${archive} cannot be unpacked`);
      const flags = {
        preset: "small",
        dataset: "folder",
        data,
        trainImages: 10_000,
        epochs: 5,
        evalEvery: 0,
        threads: 1,
      };
      const config = resolveConfig({ flags });
      const run = RunFolder.create(join(folder, "run"), config, {});
      {
        using device = Device.open(config);
        const observer = { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false };
        await pretrain(device, config, openDataset(config), run, observer);
      }
      assertAlike(comparePrecisions(run, "bf16"), "bf16");
    })();
  },
};

if (import.meta.main) {
  const [path = "", precision = "bf16"] = Deno.args;
  assertAlike(comparePrecisions(RunFolder.open(path), precision as Precision), precision as Precision);
}
