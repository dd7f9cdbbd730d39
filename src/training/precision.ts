/**
 * The precision that a run computes in.
 *
 * Training in bf16 keeps activations and the operands of matrix products in bf16, at half the memory and, where the processor
 * multiplies bf16 itself, more speed. Weights, sums, norm statistics, gates, losses and the optimiser stay f32. Evaluation is f32
 * whatever the training was.
 *
 * @module
 */
import type { DeviceDescription } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { DType } from "../tensor/mod.ts";

/** Element type of activations and of the operands of matrix products. */
export type Precision = Extract<DType, "f32" | "bf16">;

/** Instruction sets with products of bf16. Other processors with AVX-512 emulate them, more slowly than they multiply f32. */
const bf16InstructionSets: readonly string[] = ["avx512_core_bf16", "avx512_core_amx"];

/**
 * The precision that `auto` comes to on a device, bf16 where it has instructions for it; or the one asked for.
 *
 * @throws {InvalidInputError} where bf16 is asked for and the device has none.
 */
export function resolvePrecision(
  asked: "auto" | Precision,
  device: Pick<DeviceDescription, "name" | "isa" | "bf16">,
): Precision {
  if (asked === "auto") return device.bf16 && bf16InstructionSets.includes(device.isa) ? "bf16" : "f32";
  if (asked === "bf16" && !device.bf16) {
    throw new InvalidInputError(
      `--precision bf16: ${device.name}, used as ${device.isa}, has none; give --precision f32`,
    );
  }
  return asked;
}
