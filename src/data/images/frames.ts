/**
 * What is cut out of an image file, and what it is resized to.
 *
 * @module
 */
import { AUGMENT_CROP_HEIGHT, AUGMENT_CROP_LEFT, AUGMENT_CROP_TOP, AUGMENT_CROP_WIDTH } from "../augmentation.ts";
import { FRAME_COLUMNS } from "./image_reader.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** Side of what is cut from files, in pixels, where nobody says. */
export const USUAL_SIZE = 224;

/** Evaluation resizes the shorter side to so much of the wanted one, then takes the centre: 256 for 224. */
const EVALUATION_MARGIN = 256 / 224;

/** The length that evaluation resizes the shorter side of an image to, of which networks see `wanted` x `wanted` pixels. */
export function evaluationResize(wanted: number): number {
  return Math.round(wanted * EVALUATION_MARGIN);
}

/** Writes the frame of a training view: the crop of a row of view parameters, resized to `size`. */
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
 * Writes the frame of evaluation: an image of the wanted size as it is; of any other the shorter side resized to 256/224 of the
 * wanted side, then the centre. Sizes and place are those of torchvision's Resize and CenterCrop; the weights of the resize are
 * bicubic, which is not torchvision's default.
 *
 * @param source Size of the image.
 * @param wanted Side of the square that networks see.
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

/** As Python rounds, which is where torchvision's centre comes from. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + below % 2 : Math.round(value);
}
