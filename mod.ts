/**
 * Trains, without labels, a residual network that holds a dense and a gated encoder.
 *
 * This module has what most programs need: devices, data sets, networks, runs, evaluation, embeddings, export, sweeps
 * and reports. The parts have more, each under its own name: `@sluice/sluice/ops`, `@sluice/sluice/models` and so on.
 *
 * @example Count a network's multiply-accumulates
 * ```ts
 * import { networkCost } from "@sluice/sluice";
 *
 * const cost = networkCost({ arch: "resnet18", width: 64, stem: "cifar", image: 32 });
 * console.log(cost.macs); // 555417600
 * ```
 *
 * @example Train on drawn shapes, and judge both encoders
 * ```ts
 * import { beginRun, evaluateFolder } from "@sluice/sluice";
 *
 * const small = { trainImages: 16, testImages: 8, width: 4, projector: 16, batch: 8, epochs: 1 };
 * const flags = { ...small, device: "cpu", threads: 1 };
 * const folder = Deno.makeTempDirSync();
 * const { run } = await beginRun({ flags }, `${folder}/run`, {
 *   step: ({ step, loss, share }) => console.log(step, loss, share),
 *   evaluation: () => {},
 *   skipped: ({ path }) => console.warn(path),
 *   stopRequested: () => false,
 * });
 * const options = { protocols: ["knn"], networks: ["dense", "gated"] } as const;
 * const { networks } = evaluateFolder(run, options, { device: "cpu", threads: 1, data: null, isKept: false });
 * console.log(networks.dense?.knn20, networks.gated?.knn20, networks.gated?.cost.share);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 *
 * @module
 */
export {
  ClusterError,
  CollapseError,
  DamagedImageError,
  DeviceUnavailableError,
  DivergenceError,
  InvalidInputError,
  InvalidOptionError,
  LostFolderError,
  MisuseError,
  NativeError,
  OutOfMemoryError,
  ShapeError,
  SluiceError,
  StorageError,
  TooManyOpenFilesError,
  UnsupportedError,
} from "./src/errors.ts";
export { Device, hasLibrary } from "./src/device/mod.ts";
export { Scope, Tensor } from "./src/tensor/mod.ts";
export { FormatError } from "./src/formats/mod.ts";
export { Tape } from "./src/autograd/mod.ts";
export {
  DualNetwork,
  GatedResNet,
  loadTorchState,
  type NetworkCost,
  networkCost,
  type NetworkSpec,
  type Pass,
  toTorchState,
} from "./src/models/mod.ts";
export { type Objective, objectiveKind, objectiveNames } from "./src/objectives/mod.ts";
export {
  type Dataset,
  datasetNames,
  type DatasetSource,
  datasetSource,
  ImageStores,
  Loader,
  verifyDataset,
} from "./src/data/mod.ts";
export { Evaluator, type NetworkEvaluation } from "./src/evaluation/mod.ts";
export { type ConfigSources, presets, readConfigFile, resolveConfig, type RunConfig } from "./src/config/mod.ts";
export {
  type Checkpoint,
  type EvaluationRecord,
  readCheckpoint,
  readStatus,
  RunFolder,
  type RunStatus,
  type StepRecord,
  type TrainingObserver,
} from "./src/run/mod.ts";
export {
  beginRun,
  createTrainee,
  pretrain,
  resumeRun,
  type RunObserver,
  type RunOutcome,
  type Trainee,
  trainingStep,
} from "./src/training/mod.ts";
export {
  type Embedding,
  embedImages,
  evaluateFolder,
  evaluateRun,
  exportRun,
  folderImages,
  loadEncoder,
  splitImages,
  writeEmbedding,
} from "./src/encoders/mod.ts";
export { executeLocally, planSweep, readResults, SweepFolder, SweepSpec } from "./src/sweep/mod.ts";
export { reportOfRun, reportOfSweep, reportPage } from "./src/report/mod.ts";
