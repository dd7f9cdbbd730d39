/**
 * `sluice data`: the data sets, and their files.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { datasetNames, datasetSource, needsFiles } from "../../src/data/datasets/registry.ts";
import type { DatasetSource } from "../../src/data/mod.ts";
import { addExamples, addOutputOptions, wordArgument } from "../options.ts";

/** Loads what the commands below `data` do, when one of them runs. */
const actions = () => import("./data_action.ts");

function addDataOption(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.option("--data <DIR>", "folder of data sets (default: SLUICE_DATA, else the user's cache folder)");
}

/** Adds `data` with its subcommands to the program. */
export function addData(program: CommandUnknownOpts): void {
  const data = program.command("data").description("lists, downloads, checks and shows the data sets").helpCommand(
    false,
  );
  const list = data.command("list").description("lists the data sets and the folders of their files")
    .action(async (_options, self) => (await actions()).runList(self));
  const named = (wanted: (source: DatasetSource) => boolean) =>
    wordArgument("<NAME>", "data set", datasetNames.filter((name) => wanted(datasetSource(name))));
  const fetch = data.command("fetch").addArgument(named(({ archive }) => archive !== null))
    .description("downloads a data set's official archive and unpacks it")
    .option("--from <FILE>", "use an archive on the disk instead of downloading it")
    .action(async (name, _options, self) => (await actions()).runFetch(name, self));
  const verify = data.command("verify").addArgument(named(needsFiles))
    .description(
      "reads a data set's files, decodes images, and compares their numbers and checksums with the official ones",
    )
    .action(async (name, _options, self) => (await actions()).runVerify(name, self));
  const preview = data.command("preview").addArgument(named(() => true))
    .description("writes a PNG file of training images and their two augmented views")
    .option("-o, --out <FILE>", "the file to write; required")
    .option("--images <N>", "how many images", "8")
    .option("--image-size <N>", "height and width to which image files are resized, in pixels (default: 224)")
    .option("--seed <N>", "seed of the views and of drawn images", "0")
    .option("--epoch <N>", "epoch whose views are shown", "0")
    .action(async (name, _options, self) => (await actions()).runPreview(name, self));
  for (const command of [list, fetch, verify, preview]) {
    addDataOption(command);
    addOutputOptions(command);
  }
  addExamples(list, ["sluice data list --json"]);
  addExamples(fetch, ["sluice data fetch cifar10", "sluice data fetch cifar100 --from cifar-100-binary.tar.gz"]);
  addExamples(verify, ["sluice data verify cifar10 --data .", "sluice data verify folder --data photographs"]);
  addExamples(preview, [
    "sluice data preview shapes --out views.png",
    "sluice data preview cifar10 --epoch 3 --out views.png",
    "sluice data preview images --data photographs --out views.png",
  ]);
}
