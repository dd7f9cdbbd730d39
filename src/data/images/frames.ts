/**
 * Computes frames: which crop of an image file to take, and the size to resize it to.
 *
 * @module
 */
import { AUGMENT_CROP_HEIGHT, AUGMENT_CROP_LEFT, AUGMENT_CROP_TOP, AUGMENT_CROP_WIDTH } from "../augmentation.ts";
import { FRAME_COLUMNS } from "./image_reader.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** Default side of the crops from image files, in pixels. */
export const USUAL_SIZE = 224;

/** Evaluation resizes the shorter side to this multiple of the wanted side, then crops the centre: 256 for 224. */
const EVALUATION_MARGIN = 256 / 224;

/** The length to which evaluation resizes an image's shorter side before it crops `wanted` x `wanted` pixels. */
export function evaluationResize(wanted: number): number {
  return Math.round(wanted * EVALUATION_MARGIN);
}

/** Writes the frame of a training view: the crop in a row of view parameters, resized to `size`. */
export function trainingFrame(
  parameters: Float32Array,
  [height, width]: Size,
  frames: Int32Array,
  place: number,
): void {
  const crop = [AUGMENT_CROP_TOP, AUGMENT_CROP_LEFT, AUGMENT_CROP_HEIGHT, AUGMENT_CROP_WIDTH];
  const values = crop.map((column) => parameters[column] ?? 0);
  frames.set([...values, height, width, 0, 0], place * FRAME_COLUMNS);
}

/**
 * Writes the frame for evaluation. An image of the wanted size stays unchanged. In any other image, the shorter side
 * is resized to 256/224 of the wanted side, and the centre is cropped. Sizes and offsets equal those of torchvision's
 * Resize and CenterCrop; the interpolation is bicubic, unlike torchvision's default.
 *
 * @param size Size of the image.
 * @param wanted Side of the square crop.
 */
export function evaluationFrame([height, width]: Size, wanted: number, frames: Int32Array, place: number): void {
  const isWanted = height === wanted && width === wanted;
  const shorter = isWanted ? wanted : evaluationResize(wanted);
  const resized = (side: number) => Math.trunc(shorter * side / Math.min(height, width));
  const [resizedHeight, resizedWidth] = [resized(height), resized(width)];
  const begin = (side: number) => roundHalfToEven((side - wanted) / 2);
  frames.set(
    [0, 0, height, width, resizedHeight, resizedWidth, begin(resizedHeight), begin(resizedWidth)],
    place * FRAME_COLUMNS,
  );
}

/** Rounds like Python, which torchvision's CenterCrop relies on. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + below % 2 : Math.round(value);
}
