/**
 * Compares an objective with its formula in float64: values, and gradients by finite differences of the formula.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertGreater, assertLessOrEqual, fail } from "@std/assert";
import { compareWithDifferences, Tape } from "../../src/autograd/mod.ts";
import type { Objective, ObjectiveParts } from "../../src/objectives/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

/** A matrix as rows of numbers. */
export type Rows = readonly (readonly number[])[];

/** The inputs of a formula. */
export interface Comparison {
  readonly a: Rows;
  readonly b: Rows;
  /** Targets, or constant copies of a and b if the objective has none: a stop-gradient. */
  readonly targetA: Rows;
  readonly targetB: Rows;
  /** The objective's own tensors by name. */
  readonly state: (name: string) => Rows;
}

/** Gives the loss and the terms by name. */
export type Formula = (comparison: Comparison) => Readonly<Record<string, number>>;

/** An objective and the settings of its check. */
export interface Checked {
  readonly make: (parts: ObjectiveParts) => Objective;
  readonly formula: Formula;
  readonly rows: number;
  readonly columns: number;
  /**
   * Absolute error of a gradient that passes; 0 by default. A norm of two rows turns any two values into +1 and -1, so
   * that its gradients nearly vanish, and rounding in f32 remains.
   */
  readonly absolute?: number;
  /** Tighter bounds, for an objective without norms and predictor. */
  readonly nearness?: Nearness;
}

/** Bounds of a check. */
export interface Nearness {
  /** Largest normalised error of a gradient. */
  readonly gradient: number;
  /** Absolute error of a value that passes, besides 1e-5 of the value. */
  readonly value: number;
  /** Largest number of elements of a gradient that are probed. */
  readonly probes: number;
}

const usual: Nearness = { gradient: 1e-8, value: 1e-6, probes: 48 };

/** The cosine of two vectors. */
export function cosine(x: readonly number[] = [], y: readonly number[] = []): number {
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** The dot product of two vectors. */
export function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((total, value, i) => total + value * (y[i] ?? NaN), 0);
}

export function average(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Columns of mean 0 and biased variance 1. */
export function standardised(rows: Rows): Rows {
  const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? NaN));
  const scales = columns.map((column) => {
    const mean = average(column);
    return { mean, deviation: Math.sqrt(average(column.map((value) => (value - mean) ** 2)) + 1e-5) };
  });
  return rows.map((row) => row.map((value, j) => (value - (scales[j]?.mean ?? NaN)) / (scales[j]?.deviation ?? NaN)));
}

/** Applies the predictor: linear, norm, relu, linear. */
export function predicted({ state }: Pick<Comparison, "state">, rows: Rows): Rows {
  const [gamma = [], beta = []] = [state("predictor.1.weight")[0], state("predictor.1.bias")[0]];
  const bias = state("predictor.3.bias")[0] ?? [];
  const hidden = standardised(rows.map((row) => state("predictor.0.weight").map((weight) => dot(weight, row))));
  const activated = hidden.map((row) =>
    row.map((value, j) => Math.max(0, value * (gamma[j] ?? NaN) + (beta[j] ?? NaN)))
  );
  return activated.map((row) => state("predictor.3.weight").map((weight, j) => dot(weight, row) + (bias[j] ?? NaN)));
}

function drawn(step: number, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(3, 60, step);
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => random.normal() * (0.4 + 1.2 * (i % columns) / columns),
  );
}

function toRows(values: ArrayLike<number>, columns: number): Rows {
  return Array.from({ length: values.length / columns }, (_, i) => {
    return Array.from({ length: columns }, (_, j) => values[i * columns + j] ?? NaN);
  });
}

/** Changes scale and shift of norms, so that the comparison depends on them. */
function unsettle(objective: Objective): void {
  for (const [name, { value }] of objective.module?.parameters() ?? []) {
    if (!name.startsWith("predictor.1.")) continue;
    const shifts = drawn(9, 1, value.size);
    value.write(value.toFloat32().map((of, i) => of + 0.3 * (shifts[i] ?? NaN)));
  }
}

/** Compares loss, terms and all gradients with the formula, and asserts that no gradient reaches a target. */
export function checkObjective({ make, formula, rows, columns, absolute = 0, nearness = usual }: Checked): void {
  using device = openDevice();
  using objective = make({ device, size: columns, seed: 5 });
  unsettle(objective);
  using _scope = new Scope();
  const views = [drawn(1, rows, columns), drawn(2, rows, columns)] as const;
  const hasTargets = objective.targetMomentum !== undefined;
  const held = hasTargets ? [drawn(3, rows, columns), drawn(4, rows, columns)] as const : views;
  const upload = (values: Float32Array<ArrayBuffer>) => {
    const tensor = Tensor.from(device, values, [rows, columns]);
    tensor.requiresGrad = true;
    return tensor;
  };
  const [a, b] = [upload(views[0]), upload(views[1])];
  const targets = hasTargets ? { a: upload(held[0]), b: upload(held[1]) } : undefined;

  const own = new Map([...objective.module?.state() ?? []].map(([name, tensor]) => {
    return [name, { values: Float64Array.from(tensor.toFloat32()), columns: tensor.shape.at(-1) ?? 1 }];
  }));
  const moved = [Float64Array.from(views[0]), Float64Array.from(views[1])] as const;
  const evaluate = () =>
    formula({
      a: toRows(moved[0], columns),
      b: toRows(moved[1], columns),
      targetA: toRows(held[0], columns),
      targetB: toRows(held[1], columns),
      state: (name) => {
        const { values, columns } = own.get(name) ?? fail(`no ${name} in the state`);
        return toRows(values, columns);
      },
    });

  const tape = new Tape();
  const value = objective.compute(tape, a, b, { targets });
  for (const [name, expected] of Object.entries(evaluate())) {
    const actual = name === "loss" ? value.loss.item() : value.terms[name]?.item() ?? NaN;
    assertAlmostEquals(
      actual,
      expected,
      1e-5 * Math.abs(expected) + nearness.value,
      `${name}: ${actual}, not ${expected}`,
    );
  }

  tape.backward(value.loss);
  const agree = (name: string, tensor: Tensor, values: Float64Array) => {
    const gradient = tape.gradient(tensor)?.toFloat32() ?? fail(`${name} has no gradient`);
    const differences = Float64Array.from(values, () => NaN);
    const options = { step: 1e-5, probes: nearness.probes };
    const error = compareWithDifferences(values, gradient, () => evaluate().loss ?? NaN, options);
    if (error < nearness.gradient) return;
    assertGreater(absolute, 0, `${name}: the gradient is off by ${error}`);
    values.forEach((original, i) => {
      const at = (by: number) => {
        values[i] = original + by;
        return evaluate().loss ?? NaN;
      };
      differences[i] = (at(1e-5) - at(-1e-5)) / 2e-5;
      values[i] = original;
    });
    const largest = Math.max(...differences.map((of, i) => Math.abs(of - (gradient[i] ?? NaN))));
    assertLessOrEqual(largest, absolute, `${name}: the gradient is off by ${largest}`);
  };
  agree("a", a, moved[0]);
  agree("b", b, moved[1]);
  for (const [name, { value }] of objective.module?.parameters() ?? []) {
    agree(name, value, own.get(name)?.values ?? fail(name));
  }
  for (const target of [targets?.a, targets?.b]) {
    if (target) assertEquals(tape.gradient(target), undefined, "a gradient reaches a target");
  }
}

/** The shapes of all checks. */
export const shapes: readonly { readonly label: string; readonly rows: number; readonly columns: number }[] = [
  { label: "more images than dimensions", rows: 20, columns: 8 },
  { label: "more dimensions than images", rows: 6, columns: 12 },
  { label: "two images", rows: 2, columns: 8 },
];

/** Allows the rounding of f32 in a norm of two rows. */
export function roundingOf(rows: number): { readonly absolute?: number } {
  return rows === 2 ? { absolute: 1e-4 } : {};
}
