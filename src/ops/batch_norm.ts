/**
 * Batch norm with relu, the per-image channel mask and the residual fused into its apply.
 *
 * @module
 */
import { needsGradient, type Recorder, type Tape } from "../autograd/mod.ts";
import { offsetPointer } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { type Collective, singleProcess } from "./collective.ts";
import { channelShape, expectShape } from "./shapes.ts";

/** A norm's parameters and running statistics, each [C] f32. */
export interface NormState {
  /** Scale. */
  readonly gamma: Tensor;
  /** Shift. */
  readonly beta: Tensor;
  /** Running mean, updated in training. */
  readonly runningMean: Tensor;
  /** Running (unbiased) variance, updated in training. */
  readonly runningVar: Tensor;
  /** Added to the variance, 1e-5. */
  readonly epsilon: number;
  /** Weight of the new statistics in the running ones, 0.1. */
  readonly momentum: number;
}

/** What follows the norm, in this order: residual, relu, mask. */
export interface NormOptions {
  /** Statistics of the batch (and running statistics updated) or, where false, the running statistics. */
  readonly training: boolean;
  /** Added to the norm's output; x's shape and element type. */
  readonly residual?: Tensor | undefined;
  /** Whether relu follows. */
  readonly relu?: boolean;
  /** [N, C] f32, multiplied at every pixel; not together with a residual. */
  readonly mask?: Tensor | undefined;
  /** The other processes of the run. */
  readonly collective?: Collective | undefined;
}

interface Statistics {
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly count: number;
}

function batchStatistics(x: Tensor, rows: number, norm: NormState, collective: Collective): Statistics {
  const { kernels } = x.device;
  const channels = norm.gamma.size;
  using statistics = new Tensor(x.device, [2, channels]);
  kernels.sl_norm_statistics(x.code, rows, channels, x.pointer, statistics.pointer);
  const count = collective.mergeStatistics(statistics, rows);
  const mean = new Tensor(x.device, [channels]);
  const rstd = new Tensor(x.device, [channels]);
  kernels.sl_norm_finalize(
    channels,
    count,
    statistics.pointer,
    norm.epsilon,
    norm.momentum,
    norm.runningMean.pointer,
    norm.runningVar.pointer,
    mean.pointer,
    rstd.pointer,
  );
  return { mean, rstd, count };
}

/**
 * y = relu(gamma (x - mean) / sqrt(var + epsilon) + beta + residual) * mask, the last three where asked for.
 *
 * Gradients, g = dy * mask * [relu active], xhat the normalised x, M the number of rows:
 * dbeta = sum g, dgamma = sum g xhat, dx = gamma rstd (g - dbeta / M - xhat dgamma / M), dresidual = g,
 * dmask[n, c] = sum over pixels of dy * (value before the mask). (Ioffe and Szegedy, 2015)
 *
 * @param x [N, H, W, C] or [N, C], f32 or bf16.
 * @returns x's shape and element type.
 * @throws {ShapeError} where shapes do not fit, where the residual is x itself or comes with a mask, or where a gradient is wanted
 * without `training`.
 */
export function batchNorm(tape: Recorder, x: Tensor, norm: NormState, options: NormOptions): Tensor {
  const [batch, pixels, channels] = channelShape("batchNorm", x);
  const { training, residual, relu = false, mask, collective = singleProcess } = options;
  expectShape("batchNorm", "gamma", norm.gamma, [channels]);
  if (residual) expectShape("batchNorm", "residual", residual, x.shape);
  // Both gradients come out of one native call, into two buffers.
  if (residual === x) throw new ShapeError("batchNorm: the residual is the input itself");
  if (mask) expectShape("batchNorm", "mask", mask, [batch, channels]);
  const { kernels } = x.device;
  const y = new Tensor(x.device, x.shape, x.dtype);
  const apply = (mean: Tensor, rstd: Tensor) =>
    kernels.sl_norm_apply(
      x.code,
      batch,
      pixels,
      channels,
      x.pointer,
      mean.pointer,
      rstd.pointer,
      norm.gamma.pointer,
      norm.beta.pointer,
      residual?.pointer ?? null,
      Number(relu),
      mask?.pointer ?? null,
      y.pointer,
    );

  if (!training) {
    if (needsGradient(tape, x)) throw new ShapeError("batchNorm: no gradient through running statistics");
    using rstd = new Tensor(x.device, [channels]);
    kernels.sl_norm_rstd(channels, norm.runningVar.pointer, norm.epsilon, rstd.pointer);
    apply(norm.runningMean, rstd);
    return y;
  }
  const statistics = batchStatistics(x, batch * pixels, norm, collective);
  apply(statistics.mean, statistics.rstd);
  if (needsGradient(tape, x, norm.gamma, norm.beta, residual, mask)) {
    tape.record(y, [statistics.mean, statistics.rstd], (dy) => backward(tape, x, y, dy, norm, statistics, options));
  } else {
    statistics.mean[Symbol.dispose]();
    statistics.rstd[Symbol.dispose]();
  }
  return y;
}

function backward(
  tape: Tape,
  x: Tensor,
  y: Tensor,
  dy: Tensor,
  norm: NormState,
  { mean, rstd, count }: Statistics,
  { residual, relu = false, mask, collective = singleProcess }: NormOptions,
): void {
  const [batch, pixels, channels] = channelShape("batchNorm", x);
  const { kernels } = x.device;
  const { gamma, beta } = norm;
  const output = relu && residual ? y.pointer : null;
  const maskPointer = mask?.pointer ?? null;
  using sums = new Tensor(x.device, [2, channels]);
  const statistics = (dmask: Tensor | null) =>
    kernels.sl_norm_backward_statistics(
      x.code,
      batch,
      pixels,
      channels,
      dy.pointer,
      x.pointer,
      output,
      mean.pointer,
      rstd.pointer,
      gamma.pointer,
      beta.pointer,
      Number(relu),
      maskPointer,
      sums.pointer,
      dmask?.pointer ?? null,
    );
  if (mask?.requiresGrad) tape.add(mask, statistics);
  else if (mask) {
    using unwanted = new Tensor(x.device, mask.shape);
    statistics(unwanted);
  } else statistics(null);
  // Parameters keep the gradient of this process's rows; the mean over processes is taken of all parameters at once.
  tape.accumulate(beta, (target, accumulate) => {
    kernels.sl_axpby(beta.code, channels, 1, sums.pointer, accumulate, target.pointer);
  });
  tape.accumulate(gamma, (target, accumulate) => {
    kernels.sl_axpby(gamma.code, channels, 1, offsetPointer(sums.pointer, channels * 4), accumulate, target.pointer);
  });
  collective.sum(sums);
  const apply = (dresidual: Tensor | null, accumulateResidual: 0 | 1) => {
    const write = (dx: Tensor) =>
      kernels.sl_norm_backward_apply(
        x.code,
        batch,
        pixels,
        channels,
        count,
        dy.pointer,
        x.pointer,
        output,
        mean.pointer,
        rstd.pointer,
        gamma.pointer,
        beta.pointer,
        Number(relu),
        maskPointer,
        sums.pointer,
        dx.pointer,
        dresidual?.pointer ?? null,
        accumulateResidual,
      );
    if (x.requiresGrad) return tape.add(x, write);
    using unwanted = new Tensor(x.device, x.shape, x.dtype);
    write(unwanted);
  };
  if (residual?.requiresGrad) tape.accumulate(residual, apply);
  else if (x.requiresGrad) apply(null, 0);
}
