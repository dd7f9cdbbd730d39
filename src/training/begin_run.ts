/**
 * Begins a run: checks the whole request, makes the run's folder, and trains.
 *
 * @module
 */
import { type ConfigSources, resolveConfig, type RunConfig } from "../config/config.ts";
import type { Dataset } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { LostFolderError, StorageError } from "../errors.ts";
import { type FileLock, unlockedWarning } from "../formats/mod.ts";
import { listImages } from "../run/image_list.ts";
import { RunFolder } from "../run/run_folder.ts";
import { fitConfig, type FittedConfig } from "./fitted_config.ts";
import { imageMemory } from "./memory_need.ts";
import { openDevice, openImages, type RunObserver, type RunOutcome, trainRun } from "./run_setup.ts";

function fit(sources: ConfigSources, dataset: Dataset, device: Device): FittedConfig {
  return fitConfig(sources, device, imageMemory(dataset));
}

/**
 * The configuration that {@linkcode beginRun} would train with on this machine; the default batch follows from images
 * and memory.
 *
 * @throws {InvalidInputError} if the run would be refused.
 */
export function fittedConfig(
  sources: ConfigSources,
  observer: Pick<RunObserver, "reading" | "detail"> = {},
): RunConfig {
  const dataset = openImages(sources, observer);
  using device = openDevice(resolveConfig(sources), null, observer).device;
  return fit(sources, dataset, device).config;
}

/** Locks a run that was just made. If its folder cannot be locked, the folder is removed. */
async function lockNew(run: RunFolder): Promise<FileLock> {
  try {
    return await run.lock();
  } catch (error) {
    // With another error, another process has locked the run, or put its own run in its place.
    if (error instanceof StorageError && !(error instanceof LostFolderError)) run.discardIfUntrained();
    throw error;
  }
}

/**
 * Begins a run and trains it to its end, as `sluice pretrain` does. Whatever can be refused is refused before the
 * folder is made; a run that fails before its first step leaves no folder.
 *
 * @param out the folder to make.
 * @throws {InvalidInputError} if an option, the data set or the folder is refused. @throws {DeviceUnavailableError}
 * @throws {DivergenceError} @throws {CollapseError} as {@linkcode pretrain} throws them.
 * @throws {StorageError} if there is no room or no permission.
 */
export async function beginRun(sources: ConfigSources, out: string, observer: RunObserver): Promise<RunOutcome> {
  RunFolder.checkFree(out);
  const asked = resolveConfig(sources);
  const dataset = openImages(sources, observer);
  const { device, versions } = openDevice(asked, asked.plans, observer);
  using _device = device;
  const fitted = fit(sources, dataset, device);
  const images = { line: dataset.origin?.selection?.line ?? null, list: await listImages(dataset) };
  const run = RunFolder.create(out, fitted.config, versions, images);
  using lock = await lockNew(run);
  const warning = unlockedWarning(lock);
  if (warning !== null) observer.remark?.(warning);
  try {
    return await trainRun(device, { run, checkpoint: null }, dataset, fitted, observer);
  } catch (error) {
    if (!(error instanceof LostFolderError)) run.discardIfUntrained();
    throw error;
  }
}
