/**
 * Checkpoints: all tensors of training at one moment, as safetensors under torchvision's names.
 *
 * @module
 */
import { InvalidInputError, ShapeError } from "../errors.ts";
import {
  FormatError,
  type HostTensor,
  parseJsonObject,
  readSafetensors,
  readSafetensorsMetadata,
} from "../formats/mod.ts";
import { loadTorchState } from "../models/mod.ts";
import type { Module } from "../nn/mod.ts";
import type { CheckpointFiles } from "./checkpoint_files.ts";
import { withEarlierValues } from "../config/config.ts";
import { configByKey } from "../config/config_file.ts";
import { kebabCase, machineOptions, type RunConfig, runOptionNames } from "../config/options.ts";
import { formatRunState, parseRunState, type RunState } from "./run_state.ts";
import { trainingPrefixes } from "./training_state.ts";

/** Version of the layout. */
const FORMAT = "sluice-checkpoint-1";

/** A checkpoint, read from its file. */
export interface Checkpoint {
  /** Path of the file. */
  readonly path: string;
  /** Parameters, running statistics and momentum by name; convolutions are OIHW. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** The state of the run. */
  readonly state: RunState;
  /** The run's configuration by the keys of its file, without the options of the machine. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The options that decide a run's numbers, by the keys of its file: all but paths, device and threads. */
export function portableConfig(config: RunConfig): Record<string, unknown> {
  const local = new Set<string>(machineOptions.map(kebabCase));
  return Object.fromEntries(Object.entries(configByKey(config)).filter(([key]) => !local.has(key)));
}

/** The metadata of a checkpoint. It holds no times and no paths, so that equal runs give equal bytes. */
export function checkpointMetadata(config: RunConfig, state: RunState): Record<string, string> {
  return { format: FORMAT, config: JSON.stringify(portableConfig(config)), state: formatRunState(state) };
}

/** Parses the metadata of a checkpoint. @throws {InvalidInputError} with the path, if the file is not a checkpoint. */
function readMetadata(path: string, metadata: Readonly<Record<string, string>>): Pick<Checkpoint, "state" | "config"> {
  if (metadata.format !== FORMAT) {
    throw new InvalidInputError(
      `${path}: has the format ${metadata.format ?? "none"}, not ${FORMAT}; give a checkpoint of sluice`,
    );
  }
  const state = parseRunState(metadata.state ?? "");
  const config = parseJsonObject(metadata.config ?? "");
  if (state === null || config === null) {
    throw new FormatError(`${path}: does not hold the state of its run; take an earlier checkpoint`);
  }
  return { state, config };
}

/**
 * Reads a checkpoint.
 *
 * @throws {InvalidInputError} if the file is missing or of another format.
 * @throws {FormatError} if the file is damaged, or has no checksum.
 */
export function readCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(path, { checksum: true });
  return { path, tensors, ...readMetadata(path, metadata) };
}

/** The state of a checkpoint whose tensors were not read. */
export interface SavedState {
  /** Path of the checkpoint. */
  readonly path: string;
  /** The state of the run. */
  readonly state: RunState;
}

/**
 * The state at the latest checkpoint that looks whole, or null if there is none. It reads only the files' headers and
 * sizes, to be quick; {@linkcode latestCheckpoint} also finds damaged tensors.
 */
export function latestState(files: CheckpointFiles): SavedState | null {
  for (const path of files.list()) {
    try {
      return { path, state: readMetadata(path, readSafetensorsMetadata(path, { checksum: true })).state };
    } catch (error) {
      // A damaged or removed checkpoint: the run would resume from the checkpoint before it.
      if (!(error instanceof InvalidInputError)) throw error;
    }
  }
  return null;
}

/**
 * The latest whole checkpoint, or null if there are no checkpoints.
 *
 * @param passedOver gets a line for each damaged checkpoint that is passed over.
 * @throws {InvalidInputError} if there are checkpoints and none is whole.
 */
export function latestCheckpoint(files: CheckpointFiles, passedOver: (line: string) => void): Checkpoint | null {
  const paths = files.list();
  for (const path of paths) {
    try {
      return readCheckpoint(path);
    } catch (error) {
      if (!(error instanceof InvalidInputError) || paths.length === 1) throw error;
      passedOver(`passed over ${error.message}`);
    }
  }
  if (paths.length === 0) return null;
  throw new InvalidInputError(`${files.folder}: all ${paths.length} checkpoints are damaged; begin the run again`);
}

/**
 * The configuration of a checkpoint by its keys. Options that it lacks take the values of the versions that did not
 * have them.
 */
function configThere({ config }: Checkpoint, present: RunConfig): Readonly<Record<string, unknown>> {
  const younger = runOptionNames.filter((name) => !(kebabCase(name) in config));
  return { ...portableConfig(withEarlierValues(present, younger)), ...config };
}

/** The keys of the options in which a checkpoint and a configuration differ. */
function differingKeys(checkpoint: Checkpoint, present: RunConfig): string[] {
  const [there, own] = [configThere(checkpoint, present), portableConfig(present)];
  return Object.keys(there).filter((key) => JSON.stringify(there[key]) !== JSON.stringify(own[key]));
}

function refuseDiffering(checkpoint: Checkpoint, present: RunConfig, differing: readonly string[]): void {
  if (differing.length === 0) return;
  const [there, own] = [configThere(checkpoint, present), portableConfig(present)];
  const listed = differing.map((key) =>
    `${key} ${JSON.stringify(there[key])} there and ${JSON.stringify(own[key])} here`
  );
  throw new InvalidInputError(
    `${checkpoint.path}: is of another configuration: ${listed.join(", ")}; put config.yaml back`,
  );
}

/**
 * Refuses to resume a checkpoint under another configuration.
 *
 * @throws {InvalidInputError} with the list of differences.
 */
export function checkConfig(checkpoint: Checkpoint, present: RunConfig): void {
  refuseDiffering(checkpoint, present, differingKeys(checkpoint, present));
}

/**
 * Refuses weights of another configuration than the run's. The number of epochs may differ: the configuration of a run
 * that is extended changes before the next checkpoint is saved.
 *
 * @throws {InvalidInputError} with the list of differences.
 */
export function checkWeights(checkpoint: Checkpoint, present: RunConfig): void {
  refuseDiffering(checkpoint, present, differingKeys(checkpoint, present).filter((key) => key !== "epochs"));
}

/**
 * Refuses to resume with another number of images than the checkpoint was trained on.
 *
 * @param change a description of the difference, or null if none is known.
 * @throws {InvalidInputError} with both numbers.
 */
export function checkImages({ path, state }: Checkpoint, present: number, change: string | null): void {
  if (state.images === present) return;
  throw new InvalidInputError(
    `${path}: is of a run on ${state.images} training images, and there are ${present}; give --data the folder of ` +
      `the images it was trained on, or add --accept-changed-images to resume, though not bit for bit${
        change === null ? "" : ` (${change})`
      }`,
  );
}

/**
 * Loads a checkpoint into a module. A network alone takes its own tensors and passes over the optimiser's and the
 * objective's.
 *
 * @throws {InvalidInputError} if the checkpoint is of another network; the module is not changed then.
 */
export function loadCheckpoint({ path, tensors }: Checkpoint, module: Module): void {
  const own = module.state();
  const isWanted = (name: string) => own.has(name) || !trainingPrefixes.some((prefix) => name.startsWith(prefix));
  try {
    loadTorchState(module, new Map([...tensors].filter(([name]) => isWanted(name))));
  } catch (error) {
    if (error instanceof ShapeError) throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
