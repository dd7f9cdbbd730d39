/**
 * Computes frames: which crop of an image file to take, and the size to resize it to.
 *
 * @module
 */
import { constants } from "../../device/mod.ts";
import { AUGMENT_CROP_HEIGHT, AUGMENT_CROP_LEFT, AUGMENT_CROP_TOP, AUGMENT_CROP_WIDTH } from "../augmentation.ts";
import { FRAME_COLUMNS } from "./image_reader.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** The columns of a frame: a crop of the upright image, its size after resizing, and where the wanted window begins. */
const frameColumns = {
  top: constants.SL_FRAME_TOP,
  left: constants.SL_FRAME_LEFT,
  height: constants.SL_FRAME_HEIGHT,
  width: constants.SL_FRAME_WIDTH,
  resizedHeight: constants.SL_FRAME_RESIZED_HEIGHT,
  resizedWidth: constants.SL_FRAME_RESIZED_WIDTH,
  windowTop: constants.SL_FRAME_WINDOW_TOP,
  windowLeft: constants.SL_FRAME_WINDOW_LEFT,
} as const;
const frameEntries = Object.entries(frameColumns) as [keyof typeof frameColumns, number][];

/** Writes one row of a table of frames. */
function setFrame(frames: Int32Array, place: number, frame: Readonly<Record<keyof typeof frameColumns, number>>): void {
  for (const [name, column] of frameEntries) frames[place * FRAME_COLUMNS + column] = frame[name];
}

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
  setFrame(frames, place, {
    top: parameters[AUGMENT_CROP_TOP] ?? 0,
    left: parameters[AUGMENT_CROP_LEFT] ?? 0,
    height: parameters[AUGMENT_CROP_HEIGHT] ?? 0,
    width: parameters[AUGMENT_CROP_WIDTH] ?? 0,
    resizedHeight: height,
    resizedWidth: width,
    windowTop: 0,
    windowLeft: 0,
  });
}

/** The size to which a whole image is resized, and where the window that is kept begins, in pixels. */
export type Frame = Readonly<Record<"resizedHeight" | "resizedWidth" | "windowTop" | "windowLeft", number>>;

/**
 * The frame for evaluation. An image of the wanted size stays unchanged. In any other image, the shorter side is
 * resized to 256/224 of the wanted side, and the centre is cropped. Sizes and offsets equal those of torchvision's
 * Resize and CenterCrop; the interpolation is bicubic, unlike torchvision's default.
 *
 * @param size Size of the image.
 * @param wanted Side of the square crop.
 */
export function centredFrame([height, width]: Size, wanted: number): Frame {
  const isWanted = height === wanted && width === wanted;
  const shorter = isWanted ? wanted : evaluationResize(wanted);
  const resized = (side: number) => Math.trunc(shorter * side / Math.min(height, width));
  const [resizedHeight, resizedWidth] = [resized(height), resized(width)];
  const begin = (side: number) => roundToEven((side - wanted) / 2);
  return { resizedHeight, resizedWidth, windowTop: begin(resizedHeight), windowLeft: begin(resizedWidth) };
}

/** Writes the frame for evaluation of an image of a size, {@linkcode centredFrame}. */
export function evaluationFrame([height, width]: Size, wanted: number, frames: Int32Array, place: number): void {
  setFrame(frames, place, { top: 0, left: 0, height, width, ...centredFrame([height, width], wanted) });
}

/**
 * The nearest whole number; of two that are equally near, the even one. So round Python, which torchvision's CenterCrop
 * relies on, and ONNX's QuantizeLinear.
 */
export function roundToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + Math.abs(below % 2) : Math.round(value);
}
