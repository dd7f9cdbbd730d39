/**
 * Weights of a run in its folder, as safetensors under torchvision's names.
 *
 * @module
 */
import { InvalidInputError, ShapeError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/mod.ts";
import { loadTorchState, toTorchState } from "../models/mod.ts";
import type { Module } from "../nn/mod.ts";
import { trainingPrefixes } from "./training_state.ts";

/** Version of the layout written by {@linkcode saveWeights}. */
const FORMAT = "sluice-weights-1";

/**
 * Writes the parameters and buffers of a network, or of all that is trained, convolutions as OIHW. The file holds no times and no paths: equal weights give
 * equal bytes.
 */
export function saveWeights(path: string, network: Module, metadata: Readonly<Record<string, string>>): void {
  writeSafetensors(path, toTorchState(network), { ...metadata, format: FORMAT });
}

/**
 * Loads what {@linkcode saveWeights} wrote. A network alone takes its own of what a {@linkcode TrainingState} left: an objective's predictor or queues, a momentum
 * copy and online probes are passed over.
 *
 * @throws {InvalidInputError} where the file is missing, damaged or of another network.
 */
export function loadWeights(path: string, network: Module): void {
  const { tensors, metadata } = readSafetensors(path);
  if (metadata.format !== FORMAT) {
    throw new InvalidInputError(`${path}: its format is ${metadata.format ?? "not stated"}, not ${FORMAT}`);
  }
  const own = network.state();
  const isWanted = (name: string) => own.has(name) || !trainingPrefixes.some((prefix) => name.startsWith(prefix));
  try {
    loadTorchState(network, new Map([...tensors].filter(([name]) => isWanted(name))));
  } catch (error) {
    if (error instanceof ShapeError) throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
