/**
 * Augmented views by their definition, in float64: image by image, change by change.
 *
 * @module
 */

/** An image [height, width, 3] with values in 0..1. */
export interface ReferenceImage {
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** One row of the parameter table, by the names of its columns (SL_AUGMENT_...). */
export interface ViewParameters {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** Decimal digits of the changes, first digit first; -1 for no jitter. */
  readonly jitterOrder: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
  readonly grayscale: number;
  readonly blurSigma: number;
  readonly solarize: number;
  readonly flip: number;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** A new image in which `change` replaces the three values of every pixel. */
function mapPixels(
  image: ReferenceImage,
  change: (red: number, green: number, blue: number) => readonly [number, number, number],
): ReferenceImage {
  const values = new Float64Array(image.values.length);
  for (let i = 0; i < values.length; i += 3) {
    const [red = NaN, green = NaN, blue = NaN] = image.values.subarray(i, i + 3);
    values.set(change(red, green, blue), i);
  }
  return { ...image, values };
}

/** A new image in which `change` replaces every value. */
function mapValues(image: ReferenceImage, change: (value: number) => number): ReferenceImage {
  return { ...image, values: image.values.map(change) };
}

/** The pixels of a rectangle. */
export function crop(image: ReferenceImage, { top, left, height, width }: ViewParameters): ReferenceImage {
  const values = new Float64Array(height * width * 3);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * image.width + left) * 3;
    values.set(image.values.subarray(start, start + width * 3), row * width * 3);
  }
  return { height, width, values };
}

/** Keys' cubic with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

/** The weights of all `from` pixels in pixel `index` of `to`: the cubic, widened when shrinking, summing to 1. */
function resizeWeights(from: number, to: number, index: number): number[] {
  const scale = from / to;
  const width = Math.max(scale, 1);
  const centre = (index + 0.5) * scale;
  const weights = Array.from({ length: from }, (_, source) => cubic((source + 0.5 - centre) / width));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Replaces every row of pixels by weighted sums of its pixels: `weights` [new width][width]. */
function combineColumns(image: ReferenceImage, weights: readonly (readonly number[])[]): ReferenceImage {
  const width = weights.length;
  const values = new Float64Array(image.height * width * 3);
  for (let index = 0; index < values.length; index++) {
    const row = Math.floor(index / (3 * width));
    const column = Math.floor(index / 3) % width;
    const sources = weights[column] ?? [];
    const start = row * image.width * 3 + index % 3;
    values[index] = sources.reduce((sum, weight, source) => {
      return sum + weight * (image.values[start + 3 * source] ?? NaN);
    }, 0);
  }
  return { height: image.height, width, values };
}

/** Exchanges rows and columns. */
function transposed(image: ReferenceImage): ReferenceImage {
  const values = image.values.map((_, index) => {
    const row = Math.floor(index / (3 * image.height));
    const column = Math.floor(index / 3) % image.height;
    return image.values[(column * image.width + row) * 3 + index % 3] ?? NaN;
  });
  return { height: image.width, width: image.height, values };
}

/** Takes weighted sums along both axes. */
function combine(
  image: ReferenceImage,
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): ReferenceImage {
  return transposed(combineColumns(transposed(combineColumns(image, columns)), rows));
}

/** Bicubic resizing. */
export function resize(image: ReferenceImage, height: number, width: number): ReferenceImage {
  const weights = (from: number, to: number) =>
    Array.from({ length: to }, (_, index) => resizeWeights(from, to, index));
  return mapValues(combine(image, weights(image.height, height), weights(image.width, width)), clamp);
}

function brighten(image: ReferenceImage, factor: number): ReferenceImage {
  return mapValues(image, (value) => clamp(factor * value));
}

/** Blends with the mean luma of the image. */
function changeContrast(image: ReferenceImage, factor: number): ReferenceImage {
  const { values } = mapPixels(image, (...pixel) => {
    const grey = luma(...pixel);
    return [grey, grey, grey];
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return mapValues(image, (value) => clamp(factor * value + (1 - factor) * mean));
}

/** Blends with the luma of each pixel. */
function saturate(image: ReferenceImage, factor: number): ReferenceImage {
  return mapPixels(image, (red, green, blue) => {
    const grey = luma(red, green, blue);
    const blend = (value: number) => clamp(factor * value + (1 - factor) * grey);
    return [blend(red), blend(green), blend(blue)];
  });
}

/** The hue in turns of a pixel that is not grey. */
function hueOf(red: number, green: number, blue: number): number {
  const largest = Math.max(red, green, blue);
  const range = largest - Math.min(red, green, blue);
  if (largest === red) return ((green - blue) / range / 6 + 1) % 1;
  return largest === green ? (blue - red) / range / 6 + 1 / 3 : (red - green) / range / 6 + 2 / 3;
}

/** Moves the hue by `shift` turns; the largest and the smallest value of a pixel do not change. */
function shiftHue(image: ReferenceImage, shift: number): ReferenceImage {
  return mapPixels(image, (red, green, blue) => {
    const largest = Math.max(red, green, blue);
    const range = largest - Math.min(red, green, blue);
    if (range === 0) return [red, green, blue];
    const hue = hueOf(red, green, blue) + shift;
    // The three channels are the same trapezoid of the hue, a third of a turn apart.
    const channel = (offset: number) => {
      const position = (((hue * 6 + offset) % 6) + 6) % 6;
      return largest - range * clamp(Math.min(position, 4 - position));
    };
    return [channel(5), channel(3), channel(1)];
  });
}

function jitter(image: ReferenceImage, view: ViewParameters): ReferenceImage {
  if (view.jitterOrder < 0) return image;
  const changes = [
    (now: ReferenceImage) => brighten(now, view.brightness),
    (now: ReferenceImage) => changeContrast(now, view.contrast),
    (now: ReferenceImage) => saturate(now, view.saturation),
    (now: ReferenceImage) => shiftHue(now, view.hue),
  ];
  const order = [...String(view.jitterOrder).padStart(4, "0")].map(Number);
  return order.reduce((now, index) => changes[index]?.(now) ?? now, image);
}

/** The view of an image, before its values are normalised. */
export function viewOf(image: ReferenceImage, view: ViewParameters, height: number, width: number): ReferenceImage {
  let now = jitter(resize(crop(image, view), height, width), view);
  if (view.grayscale === 1) {
    now = mapPixels(now, (...pixel) => {
      const grey = luma(...pixel);
      return [grey, grey, grey];
    });
  }
  if (view.blurSigma > 0) now = blur(now, view.blurSigma);
  if (view.solarize === 1) now = mapValues(now, (value) => (value >= 128 / 255 ? 1 - value : value));
  return view.flip === 1 ? mirror(now) : now;
}

/**
 * The weights of an axis's pixels in each blurred pixel, up to a distance of three sigma or of the axis's size - 1. The
 * axis is mirrored at its borders, without repeating the edge pixel.
 */
function blurWeights(size: number, sigma: number): number[][] {
  const radius = Math.min(Math.ceil(3 * sigma), size - 1);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, tap) => Math.exp(-((tap - radius) ** 2) / (2 * sigma ** 2)));
  const total = taps.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: size }, (_, index) => {
    const weights = new Array<number>(size).fill(0);
    taps.forEach((weight, tap) => {
      const distance = Math.abs(index + tap - radius);
      const source = distance < size ? distance : 2 * (size - 1) - distance;
      weights[source] = (weights[source] ?? NaN) + weight / total;
    });
    return weights;
  });
}

function blur(image: ReferenceImage, sigma: number): ReferenceImage {
  return combine(image, blurWeights(image.height, sigma), blurWeights(image.width, sigma));
}

function mirror(image: ReferenceImage): ReferenceImage {
  const columns = Array.from({ length: image.width }, (_, column) => {
    return Array.from({ length: image.width }, (_, source) => Number(source === image.width - 1 - column));
  });
  return combineColumns(image, columns);
}
