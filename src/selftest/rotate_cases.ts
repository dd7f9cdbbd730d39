/**
 * Cases of `rotate`.
 *
 * @module
 */
import { rotate } from "../ops/mod.ts";
import { asBf16, bytes, type CaseInput, givenIntegers, integers, normal } from "./case_inputs.ts";
import { type OperationBenchmark, operationBenchmark, type OperationCase, operationCase } from "./operation_case.ts";

/** One quarter turn of an image [side, side, channels]: its last column becomes its first row. */
function quarterTurn(image: Float64Array, side: number, channels: number): Float64Array {
  return image.map((_, i) => {
    const [y, x] = [Math.floor(i / channels / side), Math.floor(i / channels) % side];
    return image[(x * side + side - 1 - y) * channels + i % channels] ?? NaN;
  });
}

function single(label: string, x: CaseInput, turns: readonly number[], fixture = false): OperationCase {
  const [count = 0, side = 0, , channels = 0] = x.shape;
  const size = side * side * channels;
  return operationCase({
    operation: "rotate",
    label,
    inputs: { x, turns: givenIntegers([count], turns) },
    run: (_device, _tape, { x, turns }) => rotate(x, turns),
    reference: ({ x, turns }) => {
      const y = new Float64Array(x.length);
      turns.forEach((quarters, image) => {
        let rotated = x.subarray(image * size, (image + 1) * size);
        for (let quarter = 0; quarter < (quarters % 4 + 4) % 4; quarter++) {
          rotated = quarterTurn(rotated, side, channels);
        }
        y.set(rotated, image * size);
      });
      return [y];
    },
    tolerance: { error: 0, reason: "pixels are moved bit by bit" },
    fixture,
  });
}

/** Cases of `rotate`. */
export const rotateCases: readonly OperationCase[] = [
  single("each number of turns", normal([5, 4, 4, 3]), [0, 1, 2, 3, 1], true),
  single("an odd side", normal([4, 5, 5, 3]), [3, 2, 1, 0], true),
  single("turns modulo 4", normal([3, 3, 3, 2]), [7, -1, 4], true),
  single("one channel", normal([2, 6, 6, 1]), [1, 2]),
  single("images of one pixel", normal([4, 1, 1, 3]), [0, 1, 2, 3]),
  single("no images", normal([0, 4, 4, 3]), []),
  single("bf16", asBf16(normal([4, 7, 7, 3])), [0, 1, 2, 3]),
  single("bytes", bytes([4, 3, 3, 3]), [0, 1, 2, 3]),
  single("whole numbers", integers([4, 2, 2, 1], 1000), [0, 1, 2, 3]),
];

/** The views of a batch of CIFAR-10. */
export const rotateBenchmarks: readonly OperationBenchmark[] = [
  operationBenchmark({
    operation: "rotate",
    label: "256 views of 32 x 32",
    inputs: {
      x: normal([256, 32, 32, 3]),
      turns: givenIntegers([256], Array.from({ length: 256 }, (_, image) => image % 4)),
    },
    run: (_device, _tape, { x, turns }) => rotate(x, turns),
    forward: { flops: 0, bytes: 8 * 256 * 32 * 32 * 3 },
  }),
];
