/**
 * The data set CIFAR-100.
 *
 * @module
 */
import { cifarSource } from "../cifar_binary.ts";
import type { DatasetSource, MemoryDataset } from "../dataset.ts";
import { paperView } from "../view_recipe.ts";

/** Class names by label, in alphabetical order as in the archive's `fine_label_names.txt`. */
// deno-fmt-ignore
const classes = [
  "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
  "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
  "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
  "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
  "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
  "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
  "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
  "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
  "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
  "woman", "worm",
] as const;

/** CIFAR-100 with its 100 fine classes, from a folder with `train.bin` and `test.bin`, or from that folder's parent. */
export const cifar100: DatasetSource<MemoryDataset> = cifarSource({
  name: "cifar100",
  description: "CIFAR-100, 32x32 photographs of 100 classes, official binary files",
  archive: {
    file: "cifar-100-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    md5: "03b5dce01913d631647c71ecec9e9cb8",
    folder: "cifar-100-binary",
    bytes: 184_441_012,
    files: ["train.bin", "test.bin"],
  },
  trainFiles: ["train.bin"],
  testFiles: ["test.bin"],
  // The coarse label (20 classes) comes before the fine label.
  labelBytes: 2,
  classes,
  mean: [0.5071, 0.4865, 0.4409],
  std: [0.2673, 0.2564, 0.2762],
  // The paper blurs views of this data set only: the second view, with probability 0.2.
  views: [paperView, { ...paperView, blurProbability: 0.2 }],
});
