/**
 * Convolution by its definition, in float64.
 *
 * @module
 */

/** The sizes of a convolution. */
export interface ConvolutionSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Height and width of the output. */
export function outputSize(sizes: ConvolutionSizes): [height: number, width: number] {
  const along = (size: number) => Math.floor((size + 2 * sizes.padding - sizes.kernel) / sizes.stride) + 1;
  return [along(sizes.height), along(sizes.width)];
}

/** The sum of products for one output position of one channel. */
function sumOfProducts(
  x: Float64Array,
  weight: Float64Array,
  sizes: ConvolutionSizes,
  image: number,
  [row, column]: [number, number],
  channel: number,
): number {
  const { height, width, inChannels, kernel, stride, padding } = sizes;
  let total = 0;
  for (let ky = 0; ky < kernel; ky++) {
    for (let kx = 0; kx < kernel; kx++) {
      const y = row * stride + ky - padding;
      const xx = column * stride + kx - padding;
      if (y < 0 || y >= height || xx < 0 || xx >= width) continue;
      const pixel = ((image * height + y) * width + xx) * inChannels;
      const tap = ((channel * kernel + ky) * kernel + kx) * inChannels;
      for (let i = 0; i < inChannels; i++) total += (x[pixel + i] ?? NaN) * (weight[tap + i] ?? NaN);
    }
  }
  return total;
}

/** y [N, H', W', O] of x [N, H, W, I] and weight [O, K, K, I]. */
export function convolve(x: Float64Array, weight: Float64Array, sizes: ConvolutionSizes): Float64Array {
  const [rows, columns] = outputSize(sizes);
  const y = new Float64Array(sizes.batch * rows * columns * sizes.outChannels);
  let index = 0;
  for (let image = 0; image < sizes.batch; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let channel = 0; channel < sizes.outChannels; channel++) {
          y[index++] = sumOfProducts(x, weight, sizes, image, [row, column], channel);
        }
      }
    }
  }
  return y;
}
