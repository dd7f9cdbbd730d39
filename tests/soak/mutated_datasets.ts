/**
 * Soak tests: damaged files of CIFAR-10 and STL-10 are read, or refused in a line that names the file.
 *
 * @module
 */
import { cifar10, type Dataset, ImageStores, stl10 } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import { damageFiles } from "./damage.ts";
import type { SoakTest } from "./soak.ts";

const CIFAR_BYTES = 3073;
const STL_BYTES = 3 * 96 * 96;

/** Undamaged files of two records or labels each. */
const cifarFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`).concat("test_batch.bin")
  .map((name) => [name, new Uint8Array(2 * CIFAR_BYTES).fill(7)] as const);
const stlFiles = [
  ["unlabeled_X.bin", new Uint8Array(2 * STL_BYTES).fill(9)],
  ["train_X.bin", new Uint8Array(2 * STL_BYTES)],
  ["train_y.bin", Uint8Array.of(1, 10)],
  ["test_X.bin", new Uint8Array(2 * STL_BYTES)],
  ["test_y.bin", Uint8Array.of(3, 4)],
] as const;

/** Reads every image of a data set. */
function readAll(device: Device, dataset: Dataset): void {
  using stores = new ImageStores(device, dataset, { onDevice: false, workers: 1 });
  for (const set of [dataset.pretraining, dataset.labelled?.train, dataset.labelled?.test]) {
    if (set === undefined) continue;
    using _scope = new Scope();
    stores.evaluation(set).normalised(0, set.count);
  }
}

/** 5,000 data sets with one damaged file. */
export const mutateCifar: SoakTest = {
  name: "damaged files of CIFAR-10 are read or refused by name",
  trials: 5_000,
  portion: 500,
  run(begin, end) {
    damageFiles(cifarFiles, [begin, end], (folder) => void cifar10.open({ data: folder, seed: 0 }));
  },
};

/** 5,000 data sets with one damaged file; if a data set opens, every image of it is read. */
export const mutateStl10: SoakTest = {
  name: "damaged files of STL-10 are read or refused by name",
  trials: 5_000,
  portion: 250,
  run(begin, end) {
    using device = Device.open({ device: "cpu", threads: 1 });
    damageFiles(stlFiles, [begin, end], (folder) => readAll(device, stl10.open({ data: folder, seed: 0 })));
  },
};
