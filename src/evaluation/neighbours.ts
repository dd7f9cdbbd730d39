/**
 * Classification by nearest neighbours on frozen features.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import { offsetPointer } from "../device/mod.ts";
import { binary, matmul, scale, sum, topK, unary } from "../ops/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";

/** Queries compared at a time: bounds the similarity matrix. */
const CHUNK = 512;
/** Temperature of the votes, exp(similarity / 0.07), as in Wu et al. 2018. */
const TEMPERATURE = 0.07;

/** Features with their classes. */
export interface LabelledFeatures {
  /** [N, F] f32. */
  readonly features: Tensor;
  /** N class indices. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** Rows scaled to length one (rows of zeros stay zero). */
function unitRows(x: Tensor): Tensor {
  const length = unary(null, "sqrt", scale(null, sum(null, unary(null, "square", x), "columns"), 1, 1e-12));
  return binary(null, "divide", x, length, "column");
}

function rowsOf(x: Tensor, from: number, to: number): Tensor {
  const columns = x.dim(1);
  const rows = new Tensor(x.device, [to - from, columns]);
  x.device.kernels.sl_copy(null, rows.pointer, offsetPointer(x.pointer, from * columns * 4), rows.size * 4);
  return rows;
}

/** The class with the most votes; equal votes go to the lower class. */
function winner(votes: Float64Array): number {
  return votes.reduce((best, value, label) => (value > (votes[best] ?? 0) ? label : best), 0);
}

/** Percent of queries whose class `predict` names, given the k best columns of each query's similarities. */
function accuracy(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  k: number,
  similarities: (queries: Tensor) => Tensor,
  predict: (similarities: Float32Array, labels: readonly number[]) => number,
): number {
  if (bank.labels.length < k) {
    throw new InvalidInputError(`${k} neighbours need ${k} training images: ${bank.labels.length} given`);
  }
  let correct = 0;
  for (let from = 0; from < queries.labels.length; from += CHUNK) {
    using _scope = new Scope();
    const to = Math.min(queries.labels.length, from + CHUNK);
    const best = topK(similarities(rowsOf(queries.features, from, to)), k);
    const [values, columns] = [best.values.toFloat32(), best.indices.toHost()];
    for (let row = 0; row < to - from; row++) {
      const at = row * k;
      const labels = Array.from(columns.subarray(at, at + k), (column) => bank.labels[column] ?? -1);
      if (predict(values.subarray(at, at + k), labels) === queries.labels[from + row]) correct++;
    }
  }
  return 100 * correct / queries.labels.length;
}

/**
 * k-NN with cosine similarity and votes weighted exp(similarity / 0.07).
 *
 * @returns accuracy in percent.
 * @throws {InvalidInputError} where the bank has fewer than k images.
 */
export function cosineNeighbours(
  bank: LabelledFeatures,
  queries: LabelledFeatures,
  k: number,
  classes: number,
): number {
  using _scope = new Scope();
  const unitBank = unitRows(bank.features);
  const votes = new Float64Array(classes);
  return accuracy(
    bank,
    queries,
    k,
    (rows) => matmul(null, unitRows(rows), unitBank, { transposeB: true }),
    (similarities, labels) => {
      votes.fill(0);
      labels.forEach((label, index) => {
        votes[label] = (votes[label] ?? 0) + Math.exp((similarities[index] ?? 0) / TEMPERATURE);
      });
      return winner(votes);
    },
  );
}

/**
 * The class of the nearest image by euclidean distance.
 *
 * Features are centred first, which leaves distances as they are but keeps |a|^2 + |b|^2 - 2 a b from cancelling.
 *
 * @returns accuracy in percent.
 */
export function nearestNeighbour(bank: LabelledFeatures, queries: LabelledFeatures): number {
  using _scope = new Scope();
  const centre = sum(null, bank.features, "rows", 1 / bank.labels.length);
  const centred = binary(null, "subtract", bank.features, centre, "row");
  const halfSquares = scale(null, sum(null, unary(null, "square", centred), "columns"), 0.5);
  return accuracy(
    bank,
    queries,
    1,
    (rows) => {
      const products = matmul(null, binary(null, "subtract", rows, centre, "row"), centred, { transposeB: true });
      return binary(null, "subtract", products, halfSquares, "row");
    },
    (_similarities, [label]) => label ?? -1,
  );
}
