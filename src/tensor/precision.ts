/**
 * The precision that networks compute in.
 *
 * bf16 keeps activations and operands of matrix products in bf16. It takes half the memory, and is faster if the device
 * multiplies bf16 in hardware. With tf32, which only GPUs have, everything is stored as f32, and operands are rounded
 * to 10 bits of mantissa when they are multiplied. Weights, sums, norm statistics, gates, losses and the optimiser are
 * always f32, and so are features and what is measured on them.
 *
 * @module
 */
import type { Device, DeviceDescription } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { DType } from "./tensor.ts";

/** The type of the operands of matrix products. */
export type Precision = "f32" | "tf32" | "bf16";

/** All precisions. */
export const precisions: readonly Precision[] = ["f32", "tf32", "bf16"];

/** Instruction sets that multiply bf16. Other processors with AVX-512 emulate it, which is slower than f32. */
const bf16InstructionSets: readonly string[] = ["avx512_core_bf16", "avx512_core_amx"];

/** Element type of activations and of the stored operands of matrix products. */
export function activationType(precision: Precision): Extract<DType, "f32" | "bf16"> {
  return precision === "bf16" ? "bf16" : "f32";
}

/**
 * The precision to compute in: `auto` is bf16 if the device multiplies it in hardware, else f32.
 *
 * @throws {InvalidInputError} if bf16 or tf32 is asked for and the device lacks it.
 */
export function resolvePrecision(asked: "auto" | Precision, device: DeviceDescription): Precision {
  const multipliesBf16 = device.kind === "cuda" || bf16InstructionSets.includes(device.isa);
  if (asked === "auto") return device.bf16 && multipliesBf16 ? "bf16" : "f32";
  if ((asked === "bf16" && !device.bf16) || (asked === "tf32" && !device.tf32)) {
    throw new InvalidInputError(
      `--precision ${asked}: ${device.name}, used as ${device.isa}, cannot compute in it; give --precision f32`,
    );
  }
  return asked;
}

/** Runs `work` with the device's matrix products in a precision, and sets them back to f32. */
export function withPrecision<T>(device: Device, precision: Precision, work: () => T): T {
  if (precision !== "tf32") return work();
  device.allowTf32(true);
  try {
    return work();
  } finally {
    device.allowTf32(false);
  }
}
