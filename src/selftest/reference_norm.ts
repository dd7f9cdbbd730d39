/**
 * Batch norm by its definition, in float64.
 *
 * @module
 */

/** The sizes of a norm's input, seen as [batch, pixels, channels]. */
export interface NormSizes {
  readonly batch: number;
  readonly pixels: number;
  readonly channels: number;
}

/** Mean and biased variance of each channel. */
export function channelStatistics(x: Float64Array, { batch, pixels, channels }: NormSizes) {
  const rows = batch * pixels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.forEach((value, i) => mean[i % channels] = (mean[i % channels] ?? NaN) + value / rows);
  x.forEach((value, i) => {
    const deviation = value - (mean[i % channels] ?? NaN);
    variance[i % channels] = (variance[i % channels] ?? NaN) + deviation * deviation / rows;
  });
  return { mean, variance };
}

/** The steps after the norm. */
export interface NormTail {
  readonly residual?: Float64Array | undefined;
  readonly relu?: boolean;
  /** [batch, channels]. */
  readonly mask?: Float64Array | undefined;
}

/** relu(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual) * mask. */
export function normalise(
  x: Float64Array,
  { pixels, channels }: NormSizes,
  { mean, variance }: { readonly mean: Float64Array; readonly variance: Float64Array },
  { gamma, beta, epsilon }: { readonly gamma: Float64Array; readonly beta: Float64Array; readonly epsilon: number },
  { residual, relu = false, mask }: NormTail,
): Float64Array {
  return x.map((value, i) => {
    const channel = i % channels;
    const image = Math.floor(i / (pixels * channels));
    const centred = value - (mean[channel] ?? NaN);
    const unit = centred / Math.sqrt((variance[channel] ?? NaN) + epsilon);
    const sum = unit * (gamma[channel] ?? NaN) + (beta[channel] ?? NaN) + (residual ? residual[i] ?? NaN : 0);
    const active = relu && !(sum > 0) ? 0 : sum;
    return mask ? active * (mask[image * channels + channel] ?? NaN) : active;
  });
}
