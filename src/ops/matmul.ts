/**
 * The product of two matrices.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, matrixShape } from "./shapes.ts";

/** Which operands are stored transposed, and the factor of the product. */
export interface MatmulOptions {
  /** Whether a is stored as [k, m]; false by default. */
  readonly transposeA?: boolean;
  /** Whether b is stored as [n, k]; false by default. */
  readonly transposeB?: boolean;
  /** Factor of the product; 1 by default. */
  readonly alpha?: number;
}

/**
 * c = alpha * op(a) op(b); op transposes an operand that is stored transposed.
 *
 * Gradients, with A = op(a), B = op(b): dA = alpha dc B^T, dB = alpha A^T dc, each transposed back.
 *
 * @param a [m, k] f32, or [k, m] if stored transposed.
 * @param b [k, n] f32, or [n, k] if stored transposed.
 * @returns [m, n] f32.
 * @throws {ShapeError} if the inner sizes differ, or if an operand is not an f32 matrix.
 */
export function matmul(tape: Recorder, a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  expectF32("matmul", a, b);
  const [aRows, aColumns] = matrixShape("matmul a", a);
  const [bRows, bColumns] = matrixShape("matmul b", b);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) throw new ShapeError(`matmul: [${m}, ${k}] times [${inner}, ${n}]: the inner sizes differ`);
  const c = new Tensor(a.device, [m, n]);
  const product = (
    rows: number,
    columns: number,
    depth: number,
    left: [Tensor, boolean],
    right: [Tensor, boolean],
    into: Tensor,
    beta: number,
  ) =>
    a.device.kernels.sl_matmul(
      c.code,
      c.code,
      rows,
      columns,
      depth,
      Number(left[1]),
      Number(right[1]),
      alpha,
      left[0].pointer,
      right[0].pointer,
      beta,
      into.pointer,
      null,
    );
  product(m, n, k, [a, transposeA], [b, transposeB], c, 0);

  if (needsGradient(tape, a, b)) {
    tape.record(c, [], (dc) => {
      tape.accumulate(a, (da, accumulate) => {
        if (transposeA) product(k, m, n, [b, transposeB], [dc, true], da, accumulate);
        else product(m, k, n, [dc, false], [b, !transposeB], da, accumulate);
      });
      tape.accumulate(b, (db, accumulate) => {
        if (transposeB) product(n, k, m, [dc, true], [a, transposeA], db, accumulate);
        else product(k, n, m, [a, !transposeA], [dc, false], db, accumulate);
      });
    });
  }
  return c;
}
