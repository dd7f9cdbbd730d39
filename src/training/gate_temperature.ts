/**
 * The temperature of the gates' sigmoid in the course of a run.
 *
 * @module
 */
import type { RunConfig } from "../config/options.ts";

/**
 * tau in an epoch: constant, or where an end is named going there from the start by equal factors, from the end of the gate warm-up
 * to the last epoch.
 */
export function gateTemperature(
  config: Pick<RunConfig, "gateTemperature" | "gateTemperatureEnd" | "gateWarmup" | "epochs">,
  epoch: number,
): number {
  const { gateTemperature: start, gateTemperatureEnd: end, gateWarmup, epochs } = config;
  const annealed = epochs - 1 - gateWarmup;
  if (end === null || annealed <= 0) return end ?? start;
  const progress = Math.min(1, Math.max(0, (epoch - gateWarmup) / annealed));
  return start * (end / start) ** progress;
}
