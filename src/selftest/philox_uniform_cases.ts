/**
 * Cases of `philoxUniform`, which must equal the generator in TypeScript bit for bit.
 *
 * @module
 */
import { type NoiseAddress, philoxUniform } from "../ops/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

const exact = { error: 0, reason: "every device draws the same bits" };

function single(label: string, address: NoiseAddress, shape: readonly number[]): OperationCase {
  const count = shape.reduce((product, size) => product * size, 1);
  return operationCase({
    operation: "philox_uniform",
    label,
    inputs: {},
    run: (device) => philoxUniform(device, address, shape),
    reference: () => {
      const stream = new RandomStream(address.seed, address.stream, address.step);
      for (let skipped = 0; skipped < 4 * (address.firstBlock ?? 0); skipped++) stream.uint32();
      // The device rounds to the 24 bits of f32; a draw has 25.
      return [Float64Array.from({ length: count }, () => Math.fround(stream.uniform()))];
    },
    tolerance: exact,
  });
}

/** Cases of `philoxUniform`. */
export const philoxUniformCases: readonly OperationCase[] = [
  single("a matrix", { seed: 7, stream: 4, step: 11 }, [5, 13]),
  single("one number", { seed: 0, stream: 0, step: 0 }, [1]),
  single("no numbers", { seed: 0, stream: 0, step: 0 }, [0]),
  single("from a later block", { seed: 7, stream: 4, step: 11, firstBlock: 3 }, [10]),
  single("the largest seed, stream and step", { seed: 2 ** 53 - 1, stream: 2 ** 32 - 1, step: 2 ** 32 - 1 }, [9]),
  single("more than one thread's share", { seed: 123_456_789_012, stream: 1, step: 2 }, [3, 4099]),
];

/** The noise of one gate. */
export const philoxUniformBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "philox_uniform",
    label: "[256, 512]",
    inputs: {},
    run: (device) => philoxUniform(device, { seed: 1, stream: 2, step: 3 }, [256, 512]),
    forward: { flops: 0, bytes: 4 * 256 * 512 },
  }),
];
