/**
 * Shows some images beside the images that a network finds nearest to them.
 *
 * @module
 */
import { type Dataset, type EvaluationImages, imageName, type ImageSet, resizedPixels } from "../data/mod.ts";
import { arrange, bytesOf, spread, unnormalised } from "../data/pictures.ts";
import type { Picture } from "../formats/mod.ts";
import { gatherRows } from "../ops/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import { nearestOthers, nearestRows } from "./neighbours.ts";

/** Images whose neighbours are shown, if there are as many. They spread evenly over the set. */
export const SHOWN_QUERIES = 8;
/** Neighbours shown of each, if there are as many. */
export const SHOWN_NEIGHBOURS = 6;
/** Side of a picture on the sheet in pixels: larger images are shrunk to it, small ones magnified by whole numbers. */
const CELL = 64;
/** White pixels between an image and its neighbours, beside the usual gap. */
const APART = 12;

/** A sheet of pictures: each row has an image, and the images nearest to it. */
export interface NearestImages {
  /** The names of the images, row by row: the query first, then its neighbours, the nearest first. */
  readonly rows: readonly (readonly string[])[];
  /** The pictures in the same order. */
  readonly picture: Picture;
}

/** Encoded images of a data set. */
export interface EncodedImages {
  /** The name of the split. */
  readonly split: string;
  /** The images. */
  readonly images: EvaluationImages;
  /** [N, F] f32. */
  readonly features: Tensor;
  /** The image of each feature, [N]; by default feature i is of image i. */
  readonly rows?: Int32Array<ArrayBuffer>;
}

/**
 * The rows of the bank nearest to some queries by cosine.
 *
 * @param own the queries' rows in the bank; null if the bank is another set.
 */
function neighboursOf(
  bank: Tensor,
  queries: Tensor,
  shown: Int32Array<ArrayBuffer>,
  own: Int32Array<ArrayBuffer> | null,
): Int32Array<ArrayBuffer>[] {
  using _scope = new Scope();
  const others = bank.dim(0) - (own === null ? 0 : 1);
  const k = Math.min(SHOWN_NEIGHBOURS, others);
  const chosen = gatherRows(null, queries, Tensor.from(queries.device, shown, [shown.length]));
  const nearest = own === null ? nearestRows(bank, chosen, k, "cosine") : nearestOthers(bank, chosen, own, k);
  return nearest.map((rows) => Int32Array.from(rows));
}

/** The pixels of some images, shrunk to a cell: uint8 [count, side, side, 3], and the side. */
function cellsOf(
  images: EvaluationImages,
  shown: Int32Array<ArrayBuffer>,
  dataset: Dataset,
): { readonly pixels: Uint8Array; readonly side: number } {
  using _scope = new Scope();
  const { height, width } = images.set;
  const runs = Array.from(shown, (image) => [image, image + 1] as const);
  const pixels = bytesOf(unnormalised(images.gathered(runs).toFloat32(), dataset));
  if (height <= CELL) return { pixels, side: height };
  const size = [CELL, CELL] as const;
  return { pixels: bytesOf(resizedPixels(images.device, pixels, [shown.length, height, width], size)), side: CELL };
}

/** Arranges the images of the first column, and of the columns beside it, from rows of neighbours. */
function sheetOf(
  queries: EvaluationImages,
  bank: EvaluationImages,
  shown: Int32Array<ArrayBuffer>,
  neighbours: readonly Int32Array<ArrayBuffer>[],
  dataset: Dataset,
): Picture {
  const first = cellsOf(queries, shown, dataset);
  const columns = Array.from({ length: neighbours[0]?.length ?? 0 }, (_, column) => {
    return cellsOf(bank, Int32Array.from(neighbours, (rows) => rows[column] ?? 0), dataset).pixels;
  });
  const cells = { height: first.side, width: first.side, cell: CELL, apart: APART };
  return arrange([first.pixels, ...columns], shown.length, cells);
}

/**
 * Draws images of a set beside the images of the bank that are nearest to them by the cosine of their features.
 *
 * @param dataset the data set of both; its constants normalised the images.
 * @param bank the images to search; by default the queries' own set, where an image is no neighbour of itself.
 * @returns null if there is no other image.
 */
export function nearestImages(dataset: Dataset, queries: EncodedImages, bank = queries): NearestImages | null {
  const count = queries.features.dim(0);
  const isOwn = bank === queries;
  if (count === 0 || bank.features.dim(0) < (isOwn ? 2 : 1)) return null;
  const chosen = spread(Math.min(SHOWN_QUERIES, count), count);
  const imagesOf = ({ rows }: EncodedImages, places: Int32Array<ArrayBuffer>) => {
    return rows === undefined ? places : places.map((place) => rows[place] ?? 0);
  };
  const shown = imagesOf(queries, chosen);
  const neighbours = neighboursOf(bank.features, queries.features, chosen, isOwn ? chosen : null).map((places) => {
    return imagesOf(bank, places);
  });
  const nameOf = (set: ImageSet, split: string) => (image: number) => imageName(dataset, set, split, image);
  const [queryName, name] = [queries, bank].map(({ images: { set }, split }) => nameOf(set, split)) as [
    (image: number) => string,
    (image: number) => string,
  ];
  const rows = neighbours.map((found, query) => [queryName(shown[query] ?? 0), ...Array.from(found, name)]);
  return { rows, picture: sheetOf(queries.images, bank.images, shown, neighbours, dataset) };
}
