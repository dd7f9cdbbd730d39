/**
 * The precision that a run computes in.
 *
 * Training in bf16 keeps activations and the operands of matrix products in bf16, at half the memory and, where the device
 * multiplies bf16 itself, more speed. In tf32, of GPUs alone, everything is stored as f32, and the operands of products and convolutions
 * are rounded to 10 bits of mantissa as they are multiplied. Weights, sums, norm statistics, gates, losses and the optimiser stay f32 in
 * all of them. Evaluation is f32 whatever the training was.
 *
 * @module
 */
import type { Device, DeviceDescription } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { DType } from "../tensor/mod.ts";

/** What matrix products of training are computed from. */
export type Precision = "f32" | "tf32" | "bf16";

/** Instruction sets with products of bf16. Other processors with AVX-512 emulate them, more slowly than they multiply f32. */
const bf16InstructionSets: readonly string[] = ["avx512_core_bf16", "avx512_core_amx"];

/** Element type of activations and of the stored operands of matrix products. */
export function activationType(precision: Precision): Extract<DType, "f32" | "bf16"> {
  return precision === "bf16" ? "bf16" : "f32";
}

/**
 * The precision that `auto` comes to on a device, bf16 where it has instructions for it; or the one asked for.
 *
 * @throws {InvalidInputError} where bf16 or tf32 is asked for and the device has none.
 */
export function resolvePrecision(asked: "auto" | Precision, device: DeviceDescription): Precision {
  const multipliesBf16 = device.kind === "cuda" || bf16InstructionSets.includes(device.isa);
  if (asked === "auto") return device.bf16 && multipliesBf16 ? "bf16" : "f32";
  if ((asked === "bf16" && !device.bf16) || (asked === "tf32" && !device.tf32)) {
    throw new InvalidInputError(
      `--precision ${asked}: ${device.name}, used as ${device.isa}, has none; give --precision f32`,
    );
  }
  return asked;
}

/** Runs `work` with the device's products in a precision, and leaves them in f32. */
export function withPrecision<T>(device: Device, precision: Precision, work: () => T): T {
  if (precision !== "tf32") return work();
  device.allowTf32(true);
  try {
    return work();
  } finally {
    device.allowTf32(false);
  }
}
