/**
 * The reasons why GPUs of the machine are not used.
 *
 * @module
 */
import { examineNvidia, type NvidiaReport } from "../machine/nvidia.ts";
import { cudaLibraryRemedy } from "../machine/packaged.ts";
import { SystemCalls } from "../machine/system_calls.ts";
import { examineLibrary, type LibraryReport } from "./requirements.ts";

/**
 * The reasons why sluice does not use the machine's GPUs, each with its remedy; none on a machine without a GPU.
 *
 * @param library examines the CUDA library, which opens NVIDIA's; called if there is a GPU.
 * @param refusal why the CUDA library's device could not be opened, for a library that lacks nothing; null if unknown.
 */
export function gpuWarnings(
  { fault, gpus, kernelModule }: NvidiaReport,
  library: () => LibraryReport,
  refusal: string | null,
): string[] {
  if (gpus.length === 0) return fault === null || kernelModule === null ? [] : [fault];
  const unused = `${gpus.map(({ name }) => name).join(", ")}: not used`;
  const { found, requirements } = library();
  if (!found) {
    return [`${unused}, because sluice's CUDA library is missing: ${cudaLibraryRemedy()}`];
  }
  const unmet = requirements.find((requirement) => requirement.needed && !requirement.found);
  if (unmet !== undefined) return [`${unused}, ${unmet.detail}`];
  return [`${unused}: ${refusal ?? "`sluice doctor --device cuda` says why"}`];
}

/** Values of CUDA_VISIBLE_DEVICES by which a user hides all GPUs. */
const HIDDEN = ["", "-1"];

/** Examines the machine, and lists why its GPUs are not used: {@linkcode gpuWarnings}. None if the user hides them. */
export function unusedGpus(refusal: string | null): string[] {
  if (HIDDEN.includes(Deno.env.get("CUDA_VISIBLE_DEVICES") ?? "0")) return [];
  using system = new SystemCalls();
  return gpuWarnings(examineNvidia(system), () => examineLibrary("cuda", "needed"), refusal);
}
