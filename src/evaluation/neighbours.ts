/**
 * Classifies frozen features by their nearest neighbours.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import { binary, matmul, scale, sliceRows, sum, topK, unary } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";

/** Queries compared at a time, which limits the size of the similarity matrix. */
const CHUNK = 512;
/** Temperature of the votes exp(similarity / T), as in Wu et al. 2018. */
const TEMPERATURE = 0.07;

/** Features with their classes. */
export interface LabelledFeatures {
  /** [N, F] f32. */
  readonly features: Tensor;
  /** The class of each row, [N]. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** Rows scaled to length 1. Rows of zeros stay zero. */
function unitRows(x: Tensor): Tensor {
  const length = unary(null, "sqrt", scale(null, sum(null, unary(null, "square", x), "columns"), 1, 1e-12));
  return binary(null, "divide", x, length, "column");
}

/** How the distance of two rows is measured. */
export type Nearness = "euclidean" | "cosine";

/** Gives the similarities of query rows [Q, F] to all rows of the bank. Nearer rows have larger values. */
type Similarities = (queries: Tensor) => Tensor;

function cosineTo(bank: Tensor): Similarities {
  const unitBank = unitRows(bank);
  return (rows) => matmul(null, unitRows(rows), unitBank, { transposeB: true });
}

/**
 * a b - |b|^2 / 2 for a query a and a row b of the bank, which falls as the distance grows. Both are centred first:
 * distances stay the same, and large means do not cancel in |a|^2 + |b|^2 - 2 a b.
 */
function nearnessTo(bank: Tensor): Similarities {
  const centre = sum(null, bank, "rows", 1 / bank.dim(0));
  const centred = binary(null, "subtract", bank, centre, "row");
  const halfSquares = scale(null, sum(null, unary(null, "square", centred), "columns"), 0.5);
  return (rows) => {
    const products = matmul(null, binary(null, "subtract", rows, centre, "row"), centred, { transposeB: true });
    return binary(null, "subtract", products, halfSquares, "row");
  };
}

/** Calls `use` for each query with its k largest similarities and their rows in the bank. */
function eachQuery(
  bank: Tensor,
  queries: Tensor,
  k: number,
  nearness: Nearness,
  use: (query: number, similarities: Float32Array, rows: Int32Array) => void,
): void {
  if (bank.dim(0) < k) {
    throw new InvalidInputError(`${k} neighbours need ${k} training images: ${bank.dim(0)} given`);
  }
  using _scope = new Scope();
  const similarities = nearness === "cosine" ? cosineTo(bank) : nearnessTo(bank);
  for (let from = 0; from < queries.dim(0); from += CHUNK) {
    using _chunk = new Scope();
    const to = Math.min(queries.dim(0), from + CHUNK);
    const best = topK(similarities(sliceRows(null, queries, from, to - from)), k);
    const [values, columns] = [best.values.toFloat32(), Int32Array.from(best.indices.toHost())];
    for (let at = 0; at < to - from; at++) {
      use(from + at, values.subarray(at * k, (at + 1) * k), columns.subarray(at * k, (at + 1) * k));
    }
  }
}

/**
 * The k rows of the bank that are nearest to each query, nearest first. Ties go to the lower row.
 *
 * @param bank [N, F] f32.
 * @param queries [Q, F] f32.
 * @returns k row numbers for each query.
 * @throws {InvalidInputError} if the bank has fewer than k rows.
 */
export function nearestRows(bank: Tensor, queries: Tensor, k: number, nearness: Nearness): readonly Int32Array[] {
  const all: Int32Array[] = [];
  eachQuery(bank, queries, k, nearness, (_query, _similarities, rows) => all.push(rows.slice()));
  return all;
}

/**
 * The k rows of the bank that are nearest to queries out of the same bank by cosine, without the queries themselves. A
 * copy of a query may come before the query itself.
 *
 * @param own the row of each query in the bank.
 * @param k at most one less than the bank has rows.
 */
export function nearestOthers(bank: Tensor, queries: Tensor, own: ArrayLike<number>, k: number): readonly Int32Array[] {
  const nearest = nearestRows(bank, queries, k + 1, "cosine");
  return nearest.map((rows, query) => rows.filter((row) => row !== own[query]).slice(0, k));
}

/** The class with the most votes. Ties go to the lower class. */
function winner(votes: Float64Array): number {
  return votes.reduce((best, value, label) => (value > (votes[best] ?? 0) ? label : best), 0);
}

/**
 * Classifies by k nearest neighbours, by cosine similarity and with votes of exp(similarity / 0.07).
 *
 * @returns accuracy in percent.
 * @throws {InvalidInputError} if the bank has fewer than k images.
 */
export function cosineNeighbours(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  k: number,
  classes: number,
): number {
  const votes = new Float64Array(classes);
  let correct = 0;
  eachQuery(bank.features, queries.features, k, "cosine", (query, similarities, rows) => {
    votes.fill(0);
    rows.forEach((row, place) => {
      const label = bank.labels[row] ?? -1;
      votes[label] = (votes[label] ?? 0) + Math.exp((similarities[place] ?? 0) / TEMPERATURE);
    });
    if (winner(votes) === queries.labels[query]) correct++;
  });
  return 100 * correct / queries.labels.length;
}

/**
 * Classifies by the nearest image, by euclidean distance.
 *
 * @returns accuracy in percent.
 */
export function nearestNeighbour(bank: LabelledFeatures, queries: LabelledFeatures): number {
  let correct = 0;
  eachQuery(bank.features, queries.features, 1, "euclidean", (query, _similarities, [row = -1]) => {
    if (bank.labels[row] === queries.labels[query]) correct++;
  });
  return 100 * correct / queries.labels.length;
}
