/**
 * The data set CIFAR-10.
 *
 * @module
 */
import { cifarSource } from "../cifar_binary.ts";
import type { DatasetSource, MemoryDataset } from "../dataset.ts";
import { paperView } from "../view_recipe.ts";

const trainFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
const testFiles = ["test_batch.bin"];

/**
 * CIFAR-10, from a folder with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, or from that folder's
 * parent.
 */
export const cifar10: DatasetSource<MemoryDataset> = cifarSource({
  name: "cifar10",
  description: "CIFAR-10, 32x32 photographs of 10 classes, official binary files",
  archive: {
    file: "cifar-10-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5: "c32a1d4ab5d03f1284b67883e8d87530",
    folder: "cifar-10-batches-bin",
    bytes: 184_380_149,
    files: [...trainFiles, ...testFiles],
  },
  trainFiles,
  testFiles,
  labelBytes: 1,
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2470, 0.2435, 0.2616],
  views: [paperView, paperView],
});
