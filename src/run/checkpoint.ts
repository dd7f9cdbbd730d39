/**
 * Checkpoints: all that is in training at one moment, as safetensors under torchvision's names.
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

/** Version of the layout that is written here. */
const FORMAT = "sluice-checkpoint-1";

/** A checkpoint as it is read. */
export interface Checkpoint {
  /** Its file. */
  readonly path: string;
  /** Parameters, running statistics, momentum, by name; convolutions as OIHW. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Where the run was. */
  readonly state: RunState;
  /** The run's configuration by the keys of its file, without what only one machine knows. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What decides a run's numbers, by the keys of its file: everything but where things lie and what computes. */
export function portableConfig(config: RunConfig): Record<string, unknown> {
  const local = new Set<string>(machineOptions.map(kebabCase));
  return Object.fromEntries(Object.entries(configByKey(config)).filter(([key]) => !local.has(key)));
}

/** What a checkpoint says of itself besides its tensors: no times and no paths, so that equal runs give equal bytes. */
export function checkpointMetadata(config: RunConfig, state: RunState): Record<string, string> {
  return { format: FORMAT, config: JSON.stringify(portableConfig(config)), state: formatRunState(state) };
}

/** What the metadata of a checkpoint say. @throws {InvalidInputError} if they are no checkpoint's, naming the file. */
function readMetadata(path: string, metadata: Readonly<Record<string, string>>): Pick<Checkpoint, "state" | "config"> {
  if (metadata.format !== FORMAT) {
    throw new InvalidInputError(`${path}: its format is ${metadata.format ?? "not stated"}, not ${FORMAT}`);
  }
  const state = parseRunState(metadata.state ?? "");
  const config = parseJsonObject(metadata.config ?? "");
  if (state === null || config === null) {
    throw new FormatError(`${path}: does not say where its run is; take an earlier checkpoint`);
  }
  return { state, config };
}

/**
 * Reads a checkpoint.
 *
 * @throws {InvalidInputError} if the file is missing or of another format.
 * @throws {FormatError} if it is damaged, or states no checksum to tell by.
 */
export function readCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(path, { checksum: true });
  return { path, tensors, ...readMetadata(path, metadata) };
}

/** A checkpoint of which only the state has been read. */
export interface SavedState {
  /** Its file. */
  readonly path: string;
  /** Where the run was. */
  readonly state: RunState;
}

/**
 * Where a run was at its latest checkpoint that looks whole, or null if there is none. To be quick it reads the files' beginnings and
 * sizes: a number that has changed in a file is only found by {@linkcode latestCheckpoint}.
 */
export function latestState(files: CheckpointFiles): SavedState | null {
  for (const path of files.list()) {
    try {
      return { path, state: readMetadata(path, readSafetensorsMetadata(path, { checksum: true })).state };
    } catch (error) {
      // Damaged, or gone since it was listed: the run goes on from the one before it.
      if (!(error instanceof InvalidInputError)) throw error;
    }
  }
  return null;
}

/**
 * The latest checkpoint that is whole, or null if there is none at all.
 *
 * @param passedOver told of each that is not, in a line.
 * @throws {InvalidInputError} if there are some, and none is whole.
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
  throw new InvalidInputError(`${files.folder}: none of its ${paths.length} checkpoints is whole; begin the run again`);
}

/** The configuration of a checkpoint by its keys. An option that it lacks has the value of the versions that lacked the option. */
function configThere({ config }: Checkpoint, present: RunConfig): Readonly<Record<string, unknown>> {
  const younger = runOptionNames.filter((name) => !(kebabCase(name) in config));
  return { ...portableConfig(withEarlierValues(present, younger)), ...config };
}

/** Options, by the keys of a run's file, in which a checkpoint and a configuration differ. */
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
 * @throws {InvalidInputError} listing the differences.
 */
export function checkConfig(checkpoint: Checkpoint, present: RunConfig): void {
  refuseDiffering(checkpoint, present, differingKeys(checkpoint, present));
}

/**
 * Refuses weights of another configuration than the run's. The number of epochs may differ: a run that is made longer says so
 * before it saves again.
 *
 * @throws {InvalidInputError} listing the differences.
 */
export function checkWeights(checkpoint: Checkpoint, present: RunConfig): void {
  refuseDiffering(checkpoint, present, differingKeys(checkpoint, present).filter((key) => key !== "epochs"));
}

/**
 * Refuses to go on with another number of images than a checkpoint's run was trained on.
 *
 * @param change what else is known of the difference; null if nothing is.
 * @throws {InvalidInputError} naming both numbers.
 */
export function checkImages({ path, state }: Checkpoint, present: number, change: string | null): void {
  if (state.images === present) return;
  throw new InvalidInputError(
    `${path}: is of a run on ${state.images} training images, and there are ${present}; give --data the folder of those, ` +
      `or add --accept-changed-images to go on, though not bit for bit${change === null ? "" : ` (${change})`}`,
  );
}

/**
 * Loads a checkpoint. A network alone takes its own: what else was in training is passed over.
 *
 * @throws {InvalidInputError} where it is of another network; nothing is changed then.
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
