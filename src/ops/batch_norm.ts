/**
 * Batch norm with residual, relu and channel mask fused into its last pass over the data.
 *
 * @module
 */
import { needsGradient, type Recorder, type Tape } from "../autograd/mod.ts";
import { type Device, type DevicePointer, offsetPointer } from "../device/mod.ts";
import { MisuseError, ShapeError } from "../errors.ts";
import { dtypeBytes, Tensor } from "../tensor/mod.ts";
import { type Collective, singleProcess } from "./collective.ts";
import { channelShape, expectShape } from "./shapes.ts";

/** The parameters and running statistics of a norm, each [C] f32, and its constants. */
export interface NormState {
  /** Scale. */
  readonly gamma: Tensor;
  /** Shift. */
  readonly beta: Tensor;
  /** Running mean, updated in training. */
  readonly runningMean: Tensor;
  /** Running (unbiased) variance, updated in training. */
  readonly runningVar: Tensor;
  /** Added to the variance; 1e-5 in PyTorch. */
  readonly epsilon: number;
  /** Weight of the new statistics in the running ones; 0.1 in PyTorch. */
  readonly momentum: number;
}

/** The mode of the norm, and the steps that follow it in this order: residual, relu, mask. */
export interface NormOptions {
  /** True: use the batch's statistics and update the running ones. False: use the running ones. */
  readonly training: boolean;
  /** Added to the norm's output; x's shape and element type. */
  readonly residual?: Tensor | undefined;
  /** Whether relu follows. */
  readonly relu?: boolean;
  /** [N, C] f32, multiplied at every pixel. Not together with a residual. */
  readonly mask?: Tensor | undefined;
  /**
   * Number of equal parts of the batch, 1 by default. In training each part is normalised with its own statistics, and
   * the running statistics are updated part by part, as separate calls would do.
   */
  readonly groups?: number;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective | undefined;
}

/** One of the equal parts of the batch. */
interface Part {
  /** Images of the part. */
  readonly images: number;
  /** The address of the part in a tensor whose first axis divides into the parts; null if there is no tensor. */
  at(tensor: Tensor | null | undefined): DevicePointer;
}

function partsOf(images: number, groups: number): readonly Part[] {
  if (!(Number.isInteger(groups) && groups >= 1 && images % groups === 0)) {
    throw new ShapeError(`batchNorm: ${images} images do not divide into ${groups} equal groups`);
  }
  return Array.from({ length: groups }, (_, index) => ({
    images: images / groups,
    at: (tensor) =>
      tensor ? offsetPointer(tensor.pointer, index * (tensor.size / groups) * dtypeBytes(tensor.dtype)) : null,
  }));
}

/** A part with its statistics, which are those of `count` rows over all processes. */
interface Group extends Part {
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly count: number;
}

/** The gradients of shift and scale, side by side. */
type GradientPair = readonly [dbeta: Tensor, dgamma: Tensor];

/**
 * Room for [v > 0] of a relu after a residual, which its backward reads instead of y: bits of four channels in a byte,
 * or a byte for each channel if they do not divide into vectors.
 */
function signsLike(x: Tensor): Tensor {
  const [batch, pixels, channels] = channelShape("batchNorm", x);
  return new Tensor(x.device, [batch, pixels, channels % 8 === 0 ? channels / 4 : channels], "u8");
}

function withStatistics(part: Part, x: Tensor, norm: NormState, collective: Collective): Group {
  const [, pixels, channels] = channelShape("batchNorm", x);
  const { kernels } = x.device;
  const rows = part.images * pixels;
  using statistics = new Tensor(x.device, [2, channels]);
  kernels.sl_norm_statistics(x.code, rows, channels, part.at(x), statistics.pointer);
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
  return { ...part, mean, rstd, count };
}

/**
 * y = relu(gamma (x - mean) / sqrt(var + epsilon) + beta + residual) * mask; relu, residual and mask are optional.
 *
 * Gradients, g = dy * mask * [relu active], xhat the normalised x, M the number of rows:
 * dbeta = sum g, dgamma = sum g xhat, dx = gamma rstd (g - dbeta / M - xhat dgamma / M), dresidual = g,
 * dmask[n, c] = sum over pixels of dy * (value before the mask). (Ioffe and Szegedy, 2015)
 *
 * @param x [N, H, W, C] or [N, C], f32 or bf16.
 * @returns x's shape and element type.
 * @throws {ShapeError} if shapes do not fit, or if the batch does not divide into the groups.
 * @throws {MisuseError} if the residual is x itself, or if a gradient is needed without `training`.
 * @throws {NativeError} if there is a residual and a mask.
 */
export function batchNorm(tape: Recorder, x: Tensor, norm: NormState, options: NormOptions): Tensor {
  const [batch, pixels, channels] = channelShape("batchNorm", x);
  const { training, residual, relu = false, mask, groups = 1, collective = singleProcess } = options;
  expectShape("batchNorm", "gamma", norm.gamma, [channels]);
  if (residual) expectShape("batchNorm", "residual", residual, x.shape);
  // One native call writes both gradients, into two buffers.
  if (residual === x) throw new MisuseError("batchNorm: the residual is the input itself");
  if (mask) expectShape("batchNorm", "mask", mask, [batch, channels]);
  const parts = partsOf(batch, training ? groups : 1);
  const { kernels } = x.device;
  const isRecorded = training && needsGradient(tape, x, norm.gamma, norm.beta, residual, mask);
  const signs = isRecorded && residual && relu ? signsLike(x) : null;
  const y = new Tensor(x.device, x.shape, x.dtype);
  const apply = ({ images, at }: Part, mean: Tensor, rstd: Tensor) =>
    kernels.sl_norm_apply(
      x.code,
      images,
      pixels,
      channels,
      at(x),
      mean.pointer,
      rstd.pointer,
      norm.gamma.pointer,
      norm.beta.pointer,
      at(residual),
      Number(relu),
      at(mask),
      at(y),
      at(signs),
    );

  if (!training) {
    if (needsGradient(tape, x)) throw new MisuseError("batchNorm: no gradient through running statistics");
    using rstd = new Tensor(x.device, [channels]);
    kernels.sl_norm_rstd(channels, norm.runningVar.pointer, norm.epsilon, rstd.pointer);
    for (const part of parts) apply(part, norm.runningMean, rstd);
    return y;
  }
  const normalised = parts.map((part) => {
    const group = withStatistics(part, x, norm, collective);
    apply(group, group.mean, group.rstd);
    return group;
  });
  const saved = normalised.flatMap(({ mean, rstd }) => [mean, rstd]);
  if (isRecorded) {
    if (signs !== null) saved.push(signs);
    tape.record(y, saved, (dy) => backward(tape, x, signs, dy, norm, normalised, options));
  } else {
    for (const tensor of saved) tensor[Symbol.dispose]();
  }
  return y;
}

function backward(
  tape: Tape,
  x: Tensor,
  signs: Tensor | null,
  dy: Tensor,
  norm: NormState,
  groups: readonly Group[],
  { residual, relu = false, mask, collective = singleProcess }: NormOptions,
): void {
  const [, pixels, channels] = channelShape("batchNorm", x);
  const { kernels } = x.device;
  const { gamma, beta } = norm;
  // One native call writes both gradients of a group, and another reads them: they lie side by side.
  const parts = groups.map((group) => ({ ...group, own: Tensor.pair(x.device, [channels]) }));
  const statistics = (dmask: Tensor | null) => {
    for (const { images, at, mean, rstd, own: [dbeta] } of parts) {
      kernels.sl_norm_backward_statistics(
        x.code,
        images,
        pixels,
        channels,
        at(dy),
        at(x),
        at(signs),
        mean.pointer,
        rstd.pointer,
        gamma.pointer,
        beta.pointer,
        Number(relu),
        at(mask),
        dbeta.pointer,
        at(dmask),
      );
    }
  };
  if (mask?.requiresGrad) tape.add(mask, statistics);
  else if (mask) {
    using unwanted = new Tensor(x.device, mask.shape);
    statistics(unwanted);
  } else statistics(null);
  const gradients = parts.map(({ own }) => own);
  using sums = collective.size === 1 ? null : summed(x.device, channels, gradients, collective);
  const apply = (dresidual: Tensor | null, accumulateResidual: 0 | 1) => {
    const write = (dx: Tensor) => {
      for (const { images, at, mean, rstd, count, own: [dbeta] } of parts) {
        kernels.sl_norm_backward_apply(
          x.code,
          images,
          pixels,
          channels,
          count,
          at(dy),
          at(x),
          at(signs),
          mean.pointer,
          rstd.pointer,
          gamma.pointer,
          beta.pointer,
          Number(relu),
          at(mask),
          sums === null ? dbeta.pointer : at(sums),
          at(dx),
          at(dresidual),
          accumulateResidual,
        );
      }
    };
    if (x.requiresGrad) return tape.add(x, write);
    using unwanted = new Tensor(x.device, x.shape, x.dtype);
    write(unwanted);
  };
  if (residual?.requiresGrad) tape.accumulate(residual, apply);
  else if (x.requiresGrad) apply(null, 0);
  // Parameters get the gradient of this process's rows: the mean over processes is taken later, of all parameters at
  // once.
  for (const [dbeta, dgamma] of gradients) {
    tape.give(beta, dbeta);
    tape.give(gamma, dgamma);
  }
}

/** Copies of gradients [2, C], each summed over the processes: [parts, 2, C]. */
function summed(
  device: Device,
  channels: number,
  gradients: readonly GradientPair[],
  collective: Collective,
): Tensor {
  const sums = new Tensor(device, [gradients.length, 2, channels]);
  const bytes = 2 * channels * dtypeBytes(sums.dtype);
  gradients.forEach(([dbeta], part) => {
    device.kernels.sl_copy(null, offsetPointer(sums.pointer, part * bytes), dbeta.pointer, bytes);
  });
  collective.sum(sums);
  return sums;
}

/** A norm with running statistics as y = scale x + shift. */
export interface FoldedNorm extends Disposable {
  /** [C] f32. */
  readonly scale: DevicePointer;
  /** [C] f32. */
  readonly shift: DevicePointer;
}

/** Folds a norm with running statistics into scale and shift, for operations that fuse it. No gradient. */
export function foldNorm(norm: NormState): FoldedNorm {
  const { device } = norm.gamma;
  const channels = norm.gamma.size;
  // One tensor for both: at batch 1, allocation is a large part of a small block's time.
  const both = new Tensor(device, [2, channels]);
  const [scale, shift] = [both.pointer, offsetPointer(both.pointer, channels * 4)];
  device.kernels.sl_norm_fold(
    channels,
    norm.runningMean.pointer,
    norm.runningVar.pointer,
    norm.gamma.pointer,
    norm.beta.pointer,
    norm.epsilon,
    scale,
    shift,
  );
  return { scale, shift, [Symbol.dispose]: () => both[Symbol.dispose]() };
}
