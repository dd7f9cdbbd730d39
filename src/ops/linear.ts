/**
 * The linear layer's product.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, expectShape, matrixShape } from "./shapes.ts";

/**
 * y = x weight^T + bias.
 *
 * Gradients: dx = dy weight, dweight = dy^T x, dbias = sum over rows of dy.
 *
 * @param x [N, I] f32.
 * @param weight [O, I] f32.
 * @param bias [O] f32, or null.
 * @returns [N, O] f32.
 * @throws {ShapeError} where shapes do not fit.
 */
export function linear(tape: Recorder, x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  expectF32("linear", x, weight, bias);
  const [rows, inFeatures] = matrixShape("linear", x);
  const outFeatures = weight.dim(0);
  expectShape("linear", "weight", weight, [outFeatures, inFeatures]);
  if (bias !== null) expectShape("linear", "bias", bias, [outFeatures]);
  const { kernels } = x.device;
  const y = new Tensor(x.device, [rows, outFeatures]);
  const f32 = y.code;
  kernels.sl_matmul(
    f32,
    f32,
    rows,
    outFeatures,
    inFeatures,
    0,
    1,
    1,
    x.pointer,
    weight.pointer,
    0,
    y.pointer,
    bias?.pointer ?? null,
  );

  if (needsGradient(tape, x, weight, bias)) {
    tape.record(y, [], (dy) => {
      tape.accumulate(x, (dx, accumulate) => {
        kernels.sl_matmul(
          f32,
          f32,
          rows,
          inFeatures,
          outFeatures,
          0,
          0,
          1,
          dy.pointer,
          weight.pointer,
          accumulate,
          dx.pointer,
          null,
        );
      });
      tape.accumulate(weight, (dw, accumulate) => {
        kernels.sl_matmul(
          f32,
          f32,
          outFeatures,
          inFeatures,
          rows,
          1,
          0,
          1,
          dy.pointer,
          x.pointer,
          accumulate,
          dw.pointer,
          null,
        );
      });
      if (bias === null) return;
      tape.accumulate(bias, (db, accumulate) => {
        kernels.sl_reduce_sum(0, f32, rows, outFeatures, 1, dy.pointer, db.pointer, accumulate);
      });
    });
  }
  return y;
}
