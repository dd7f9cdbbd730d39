/**
 * Resumes a run from its latest whole checkpoint.
 *
 * @module
 */
import type { Dataset } from "../data/mod.ts";
import { unlockedWarning } from "../formats/mod.ts";
import {
  checkImageCount,
  describeChanges,
  readResumption,
  type Renewal,
  renewImageList,
  type Resumption,
} from "../run/resumption.ts";
import { RunFolder } from "../run/run_folder.ts";
import { isFinished, stepsOf } from "../run/run_length.ts";
import { imageMemory, memoryNeed } from "./memory_need.ts";
import { openDevice, openImages, outcomeOf, type RunObserver, type RunOutcome, trainRun } from "./run_setup.ts";

/** Where a run resumes, in a line. */
function describeStart({ run, config, checkpoint }: Resumption, steps: number): string {
  if (checkpoint === null) return `${run.path}: has saved nothing yet; begins again`;
  const { epochs } = config;
  const { step } = checkpoint.state;
  const epoch = Math.min(Math.floor(step * epochs / steps) + 1, epochs);
  return `${run.path}: resumes at epoch ${epoch} of ${epochs}, after step ${step} of ${steps}`;
}

/** The outcome of a run that is finished already; null if something is left to do. */
function finishedOutcome({ run, config, checkpoint }: Resumption, dataset: Dataset): RunOutcome | null {
  if (checkpoint === null || !isFinished(run, config, checkpoint, dataset)) return null;
  const { step: steps } = checkpoint.state;
  const networks = run.metrics.evaluationAfter(steps)?.networks ?? {};
  return outcomeOf(run, dataset, { stopped: false, steps, networks }, false);
}

/**
 * Resumes the run in a folder and trains it to its end, as `sluice pretrain --resume` does. On the same device, threads
 * and images it computes the same bytes as a run that never stopped. A run that is finished stays as it is.
 *
 * @throws {InvalidInputError} if there is no run, another process trains it, a given option cannot change, the images
 * changed, or no checkpoint is whole. @throws {DeviceUnavailableError}
 * @throws {DivergenceError} @throws {CollapseError} as {@linkcode pretrain} throws them.
 * @throws {StorageError} if there is no room or no permission.
 */
export async function resumeRun(path: string, renewal: Renewal, observer: RunObserver): Promise<RunOutcome> {
  const remark = (line: string | null) => line === null ? undefined : observer.remark?.(line);
  const run = RunFolder.open(path);
  using lock = await run.lock();
  remark(unlockedWarning(lock));
  const resumption = readResumption(run, renewal, remark);
  const { config, checkpoint } = resumption;
  if (checkpoint !== null) run.checkpoints.removeSurplus(config.keepCheckpoints, checkpoint.path);
  const dataset = openImages({ flags: { ...config } }, observer);
  if (checkpoint !== null && !renewal.acceptChangedImages) await checkImageCount(run, checkpoint, dataset);
  const finished = finishedOutcome(resumption, dataset);
  if (finished !== null) {
    observer.ended?.(finished);
    return finished;
  }
  const { device, versions } = openDevice(config, run.plans() ?? config.plans, observer);
  using _device = device;
  remark(describeChanges(run.versions, versions));
  await renewImageList(resumption, dataset, renewal, remark);
  const need = memoryNeed(device, config, imageMemory(dataset));
  remark(describeStart(resumption, stepsOf(config, dataset)));
  const renewed = run.reconfigured(config, dataset.origin?.selection?.line);
  const fitted = { config, need, memory: device.memoryTotal() };
  return await trainRun(device, { run: renewed, checkpoint }, dataset, fitted, observer);
}
