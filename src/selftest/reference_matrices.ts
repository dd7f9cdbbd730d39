/**
 * Matrix product by its definition, in float64.
 *
 * @module
 */

/** A matrix [rows, columns] transposed: [columns, rows]. */
export function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] ?? NaN;
  }
  return result;
}

/** [m, k] times [k, n]. */
export function multiply(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let total = 0;
      for (let l = 0; l < k; l++) total += (a[i * k + l] ?? NaN) * (b[l * n + j] ?? NaN);
      c[i * n + j] = total;
    }
  }
  return c;
}
