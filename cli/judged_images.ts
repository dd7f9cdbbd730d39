/**
 * The images that `sluice evaluate` judges a run by, what they allow, and where the result is kept.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { openDataset, openOtherDataset } from "../src/config/open_dataset.ts";
import type { RunConfig } from "../src/config/options.ts";
import type { Dataset } from "../src/data/mod.ts";
import { InvalidInputError } from "../src/errors.ts";
import type { NearestImages, Protocol } from "../src/evaluation/mod.ts";
import type { NetworkName } from "../src/models/network_names.ts";
import { type EvaluatedData, type Evaluation, type EvaluationsFolder, onOtherImages } from "../src/run/mod.ts";
import type { RunFolder } from "../src/run/run_folder.ts";
import { mergedEvaluation } from "../src/run/evaluation_file.ts";
import { mergedSpeed, type RunSpeed } from "../src/run/speed_file.ts";

/** The images to judge by. */
export interface JudgedImages {
  /** The opened data set. */
  readonly images: Dataset;
  /** Whether `--dataset` named it; else it is the run's own. */
  readonly isOther: boolean;
  /** The run's own images, if a slim network is cut by them to be judged by others. */
  readonly own?: Dataset;
  /** The folder that `--data` named, or null. */
  readonly folder: string | null;
}

/**
 * Opens the images that `--dataset` and `--data` name; without `--dataset` the run's own.
 *
 * @param networks the networks to judge.
 * @throws {InvalidInputError} if there is no such data set, or a file is missing or damaged.
 */
export function openJudgedImages(
  config: RunConfig,
  { dataset, data, networks }: {
    readonly dataset: unknown;
    readonly data: unknown;
    readonly networks: readonly NetworkName[];
  },
): JudgedImages {
  const folder = typeof data === "string" ? data : null;
  if (typeof dataset !== "string") {
    return { images: openDataset(config, folder ?? config.data), isOther: false, folder };
  }
  const images = openOtherDataset(config, dataset, folder);
  const own = networks.includes("slim") ? { own: openOwn(config) } : {};
  return { images, isOther: true, folder, ...own };
}

/** The run's own images where training found them. @throws {InvalidInputError} if they are not there any more. */
function openOwn(config: RunConfig): Dataset {
  try {
    return openDataset(config);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new InvalidInputError(
      `--network slim: is cut by the run's own images, which are missing (${cause.message.split(";")[0]}); ` +
        "put them back, or leave slim out",
      { cause },
    );
  }
}

/** The options that are about accuracies, by their names in commander. */
const labelOptions = { protocol: "--protocol", probe: "--probe", probeSeeds: "--probe-seeds" } as const;

/**
 * The protocols that the images allow: all that were asked for, or none without labels.
 *
 * @throws {InvalidInputError} if there are no labels, and the command line asks for something that needs them.
 */
export function usableProtocols(
  command: CommandUnknownOpts,
  { name, labelled }: Dataset,
  protocols: readonly Protocol[],
): readonly Protocol[] {
  if (labelled !== null) return protocols;
  const values: Record<string, unknown> = command.opts();
  for (const [option, flag] of Object.entries(labelOptions)) {
    if (command.getOptionValueSource(option) !== "cli") continue;
    throw new InvalidInputError(
      `${flag} ${values[option]}: data set ${name} has no labelled test images; leave ${flag} out, or give ` +
        "--dataset NAME --data DIR, a data set that has them",
    );
  }
  return [];
}

/** What a file holds; null if there is none, or it is damaged and will be replaced. */
function readable<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}

/** An evaluation to keep. */
export interface FinishedEvaluation {
  /** The run. */
  readonly run: RunFolder;
  /** Its folder of evaluations. */
  readonly evaluations: EvaluationsFolder;
  /** The result. */
  readonly evaluation: Evaluation;
  /** The images; null for the run's own. */
  readonly other: EvaluatedData | null;
  /** The times of the networks; null if they were not timed. */
  readonly speed: RunSpeed | null;
  /** Images beside their nearest neighbours, by network. */
  readonly pictures: ReadonlyMap<NetworkName, NearestImages>;
}

/**
 * Stores an evaluation in the run: in its `evaluation.json` if the images are the run's own, else in its folder
 * `evaluations`. In the former, networks that this evaluation left out stay if they were judged after the same step.
 *
 * @throws {StorageError} if there is no room or no permission.
 */
export function storeEvaluation({ run, evaluations, evaluation, other, speed, pictures }: FinishedEvaluation): void {
  if (other === null) run.writeEvaluation(mergedEvaluation(readable(() => run.readEvaluation()), evaluation));
  else evaluations.write(onOtherImages(evaluation, other));
  if (speed !== null) run.writeSpeed(mergedSpeed(readable(() => run.readSpeed()), speed));
  for (const [network, nearest] of pictures) {
    evaluations.writePicture(other, network, evaluation.step ?? 0, nearest);
  }
}
