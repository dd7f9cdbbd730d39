/**
 * * The data set ImageNet-100.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../../errors.ts";
import { openClassTree } from "../class_tree.ts";
import type { Dataset, DatasetOptions, DatasetSource, FileImages } from "../dataset.ts";
import { imageNetConstants } from "../imagenet_constants.ts";
import { defaultDataFolder, isFolder } from "../places.ts";

/** The 100 of ImageNet's 1,000 synsets that Tian, Krishnan and Isola chose in "Contrastive multiview coding" (2020). */
// deno-fmt-ignore
const synsets = [
  "n01558993", "n01692333", "n01729322", "n01735189", "n01749939", "n01773797", "n01820546", "n01855672",
  "n01978455", "n01980166", "n01983481", "n02009229", "n02018207", "n02085620", "n02086240", "n02086910",
  "n02087046", "n02089867", "n02089973", "n02090622", "n02091831", "n02093428", "n02099849", "n02100583",
  "n02104029", "n02105505", "n02106550", "n02107142", "n02108089", "n02109047", "n02113799", "n02113978",
  "n02114855", "n02116738", "n02119022", "n02123045", "n02138441", "n02172182", "n02231487", "n02259212",
  "n02326432", "n02396427", "n02483362", "n02488291", "n02701002", "n02788148", "n02804414", "n02859443",
  "n02869837", "n02877765", "n02974003", "n03017168", "n03032252", "n03062245", "n03085013", "n03259280",
  "n03379051", "n03424325", "n03492542", "n03494278", "n03530642", "n03584829", "n03594734", "n03637318",
  "n03642806", "n03764736", "n03775546", "n03777754", "n03785016", "n03787032", "n03794056", "n03837869",
  "n03891251", "n03903868", "n03930630", "n03947888", "n04026417", "n04067472", "n04099969", "n04111531",
  "n04127249", "n04136333", "n04229816", "n04238763", "n04336792", "n04418357", "n04429376", "n04435653",
  "n04485082", "n04493381", "n04517823", "n04589890", "n04592741", "n07714571", "n07715103", "n07753275",
  "n07831146", "n07836838", "n13037406", "n13040303",
] as const;

const FOLDER = "imagenet";
const remedy =
  `download ILSVRC 2012 from image-net.org, and put its images in ${FOLDER}/train/SYNSET and ${FOLDER}/val/SYNSET`;

/** The folder that contains `train` and `val`: `imagenet` inside `data`, or `data` itself. */
function findFolder(data: string | undefined): string {
  const parent = data ?? defaultDataFolder();
  const found = [join(parent, FOLDER), parent].find((folder) => isFolder(join(folder, "train")));
  if (found !== undefined) return found;
  throw new InvalidInputError(
    `data set imagenet100 is not in ${parent}: ${remedy}, or give --data DIR, the folder that contains train`,
  );
}

/** ImageNet-100, from the folders of all ImageNet classes or of these 100 alone. */
export const imagenet100: DatasetSource<Dataset<FileImages>> = {
  name: "imagenet100",
  description: "ImageNet-100, photographs of 100 classes, from ImageNet's own folders train and val",
  archive: null,
  folder: FOLDER,
  remedy,
  constants: imageNetConstants,
  side: null,
  officialCounts: { train: 126_689, test: 5_000 },
  open(options: DatasetOptions): Dataset<FileImages> {
    return openClassTree({ name: "imagenet100", folder: findFolder(options.data), classes: synsets }, options);
  },
};
