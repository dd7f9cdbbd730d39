/**
 * The product of a linear layer.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { type DType, Tensor } from "../tensor/mod.ts";
import { cast } from "./cast.ts";
import { PackedWeights } from "./packed_weights.ts";
import { expectF32, expectShape, matrixShape } from "./shapes.ts";
import { axisCodes } from "./sum.ts";

/** The output's element type, and the packed copies of the weight. */
export interface LinearOptions {
  /** Element type of y: x's by default. bf16 operands may give f32; f32 operands give f32 only. */
  readonly outDtype?: DType | undefined;
  /** The weight's copies, shared by all calls until the weight changes; by default made and freed by the call. */
  readonly packed?: PackedWeights | undefined;
}

/** A matrix, and whether the product takes it transposed. */
type Operand = readonly [matrix: Tensor, transposed: boolean];

/**
 * y = x weight^T + bias. If x is bf16, the weight and dy are rounded to bf16 too, and the products are summed in f32.
 *
 * Gradients: dx = dy weight, dweight = dy^T x, dbias = sum over rows of dy.
 *
 * @param x [N, I] f32 or bf16.
 * @param weight [O, I] f32.
 * @param bias [O] f32, or null.
 * @returns [N, O] of x's element type, or of `outDtype`.
 * @throws {ShapeError} if shapes do not fit, or if weight or bias is not f32.
 * @throws {UnsupportedError} if the device cannot multiply bf16.
 */
export function linear(
  tape: Recorder,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: LinearOptions = {},
): Tensor {
  expectF32("linear", weight, bias);
  const [rows, inFeatures] = matrixShape("linear", x);
  const outFeatures = weight.dim(0);
  expectShape("linear", "weight", weight, [outFeatures, inFeatures]);
  if (bias !== null) expectShape("linear", "bias", bias, [outFeatures]);
  const { kernels } = x.device;
  const { outDtype = x.dtype, packed } = options;
  const copies = packed ?? new PackedWeights();
  const weightOfXsType = () =>
    x.dtype === "f32" ? weight : copies.get(`linear ${x.dtype}`, () => cast(null, weight, x.dtype));
  const multiply = (a: Operand, b: Operand, depth: number, beta: 0 | 1, into: Tensor, added: Tensor | null) =>
    kernels.sl_matmul(
      x.code,
      into.code,
      into.dim(0),
      into.dim(1),
      depth,
      Number(a[1]),
      Number(b[1]),
      1,
      a[0].pointer,
      b[0].pointer,
      beta,
      into.pointer,
      added?.pointer ?? null,
    );
  const y = new Tensor(x.device, [rows, outFeatures], outDtype);
  multiply([x, false], [weightOfXsType(), true], inFeatures, 0, y, bias);
  if (packed === undefined) copies.clear();

  if (needsGradient(tape, x, weight, bias)) {
    tape.record(y, [], (dy) => {
      using rounded = dy.dtype === x.dtype ? null : cast(null, dy, x.dtype);
      const factor = rounded ?? dy;
      tape.accumulate(x, (dx, accumulate) => {
        multiply([factor, false], [weightOfXsType(), false], outFeatures, accumulate, dx, null);
      });
      tape.accumulate(weight, (dw, accumulate) => {
        multiply([factor, true], [x, false], rows, accumulate, dw, null);
      });
      if (packed === undefined) copies.clear();
      if (bias === null) return;
      tape.accumulate(bias, (db, accumulate) => {
        kernels.sl_reduce_sum(axisCodes.rows, dy.code, rows, outFeatures, 1, dy.pointer, db.pointer, accumulate);
      });
    });
  }
  return y;
}
