/**
 * Tests of rotated views and of the head that tells turns.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ShapeError } from "../../src/errors.ts";
import { cast } from "../../src/ops/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { drawTurns, rotated } from "../../src/training/rotation.ts";
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
      const actual = cast(null, rotated(dtype === "f32" ? whole : cast(null, whole, dtype), turns), "f32").toFloat32();
      const expected = images.flatMap((image, index) => {
        let turned = image;
        for (let turn = 0; turn < (turns[index] ?? 0); turn++) turned = quarterTurn(turned, side);
        return turned;
      });
      assert.deepEqual([...actual], expected);
    }
  });
}

Deno.test("turns are drawn from seed and step alone, all four about as often", () => {
  assert.deepEqual(drawTurns(1, 2, 50), drawTurns(1, 2, 50));
  assert.notDeepEqual(drawTurns(1, 2, 50), drawTurns(1, 3, 50));
  const counts = [0, 0, 0, 0];
  for (const turn of drawTurns(0, 0, 4000)) counts[turn] = (counts[turn] ?? 0) + 1;
  assert.ok(counts.every((count) => Math.abs(count - 1000) < 120), counts.join());
});

Deno.test("views that are not square, or of another number, are refused", () => {
  using device = openDevice();
  using _scope = new Scope();
  const view = Tensor.from(device, new Float32Array(2 * 3 * 4 * 3), [2, 3, 4, 3]);
  assert.throws(() => rotated(view, Int32Array.of(0, 1)), ShapeError);
  const square = Tensor.from(device, new Float32Array(2 * 3 * 3 * 3), [2, 3, 3, 3]);
  assert.throws(() => rotated(square, Int32Array.of(0)), ShapeError);
});
