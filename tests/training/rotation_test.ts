/**
 * Tests of rotated views and of the head that tells turns.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ShapeError } from "../../src/errors.ts";
import { RotationHead } from "../../src/models/mod.ts";
import { Initialiser } from "../../src/nn/mod.ts";
import { cast, rotate } from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { stepRates } from "../../src/training/schedules.ts";
import { drawTurns } from "../../src/training/rotation.ts";
import { openDevice } from "../devices.ts";

/** A quarter turn against the clock of [side, side, 3], as torch.rot90 over the first two axes. */
function quarterTurn(image: readonly number[], side: number): number[] {
  const turned = new Array<number>(image.length).fill(NaN);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let channel = 0; channel < 3; channel++) {
        turned[((side - 1 - x) * side + y) * 3 + channel] = image[(y * side + x) * 3 + channel] ?? NaN;
      }
    }
  }
  return turned;
}

for (const dtype of ["f32", "bf16"] as const) {
  Deno.test(`each ${dtype} image is turned by its own number of quarters`, () => {
    using device = openDevice();
    using _scope = new Scope();
    for (const side of [1, 4, 5]) {
      const images = [0, 1, 2, 3, 1].map((_, image) => {
        return Array.from({ length: side * side * 3 }, (_, i) => (image * 31 + i * 7) % 128);
      });
      const turns = Int32Array.of(0, 1, 2, 3, 1);
      const whole = Tensor.from(device, Float32Array.from(images.flat()), [5, side, side, 3]);
      const view = dtype === "f32" ? whole : cast(null, whole, dtype);
      const actual = cast(null, rotate(view, Tensor.from(device, turns, [5])), "f32").toFloat32();
      const expected = images.flatMap((image, index) => {
        let turned = image;
        for (let turn = 0; turn < (turns[index] ?? 0); turn++) turned = quarterTurn(turned, side);
        return turned;
      });
      assertEquals([...actual], expected);
    }
  });
}

Deno.test("turns are drawn from seed and step alone, all four about as often", () => {
  assertEquals(drawTurns(1, 2, 50), drawTurns(1, 2, 50));
  assertNotEquals(drawTurns(1, 2, 50), drawTurns(1, 3, 50));
  const counts = [0, 0, 0, 0];
  for (const turn of drawTurns(0, 0, 4000)) counts[turn] = (counts[turn] ?? 0) + 1;
  assert(counts.every((count) => Math.abs(count - 1000) < 120), counts.join());
});

Deno.test("views that are not square, or of another number, are refused", () => {
  using device = openDevice();
  using _scope = new Scope();
  const view = Tensor.from(device, new Float32Array(2 * 3 * 4 * 3), [2, 3, 4, 3]);
  assertThrows(() => rotate(view, Tensor.from(device, Int32Array.of(0, 1), [2])), ShapeError);
  const square = Tensor.from(device, new Float32Array(2 * 3 * 3 * 3), [2, 3, 3, 3]);
  assertThrows(() => rotate(square, Tensor.from(device, Int32Array.of(0), [1])), ShapeError);
});

/** The head in float64: linear, layer norm, relu, linear, layer norm, perhaps relu, linear, of one row of features. */
function headInFloat64(state: ReadonlyMap<string, Tensor>, features: readonly number[], lastRelu: boolean): number[] {
  const values = (name: string) => [...(state.get(name)?.toFloat32() ?? [])];
  const linear = (name: string, x: readonly number[]) => {
    const [weight, bias] = [values(`${name}.weight`), values(`${name}.bias`)];
    return bias.map((value, row) =>
      x.reduce((sum, of, column) => sum + of * (weight[row * x.length + column] ?? NaN), value)
    );
  };
  const norm = (x: readonly number[]) => {
    const mean = x.reduce((sum, value) => sum + value) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    return x.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
  };
  const relu = (x: readonly number[]) => x.map((value) => Math.max(0, value));
  const hidden = norm(linear("3", relu(norm(linear("0", features)))));
  return linear(lastRelu ? "6" : "5", lastRelu ? relu(hidden) : hidden);
}

for (const lastRelu of [false, true]) {
  Deno.test(`${lastRelu ? "a relu of the first version stands" : "nothing stands"} between the last norm and the last layer`, () => {
    using device = openDevice();
    using _scope = new Scope();
    using head = new RotationHead(device, new Initialiser(3), 2, lastRelu);
    const features = [[0.5, -1.25], [2, 0.75]];
    const logits = head.forward(null, Tensor.from(device, Float32Array.from(features.flat()), [2, 2])).toFloat32();
    const expected = features.flatMap((row) => headInFloat64(head.state(), row, lastRelu));
    assertEquals(logits.length, 8);
    expected.forEach((value, index) => assertAlmostEquals(value, logits[index] ?? NaN, 1e-4, `${index}: ${value}`));
  });
}

Deno.test("the head warms up from the first rate of the others to its own, and as in the first version from a multiple", () => {
  const config = { epochs: 110, warmupEpochs: 10, lr: 0.6, rotationHead: "paper" } as const;
  const rates = [0, 9, 60].map((epoch) => stepRates(config, epoch));
  rates.forEach(({ rate, rotationRate }, index) => {
    assertAlmostEquals(rate, [0.003, 0.6, 0.3][index] ?? NaN, 1e-12, `rate ${rate}`);
    assertAlmostEquals(rotationRate, [0.003, 0.1, 0.05][index] ?? NaN, 1e-12, `rate of the head ${rotationRate}`);
  });
  const earlier = stepRates({ ...config, rotationHead: "relu" }, 0);
  assertAlmostEquals(earlier.rotationRate, 0.0005, 1e-12, `${earlier.rotationRate}`);
});
