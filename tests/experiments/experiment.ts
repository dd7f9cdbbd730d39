/**
 * What an experiment is: many runs of the command line, and a table of their evaluations.
 *
 * @module
 */

/** One run. */
export interface Cell {
  /** Name of its folder, unique in the experiment. */
  readonly name: string;
  /** Options of `sluice pretrain` besides `--out`. */
  readonly pretrain: readonly string[];
}

/** The document of `sluice evaluate --json`, as far as tables need it. */
export interface CellEvaluation {
  readonly networks: Readonly<Record<string, NetworkFigures>>;
  readonly references: {
    readonly rawPixels: AccuracyFigures;
    readonly untrained: Readonly<Record<string, NetworkFigures>>;
  };
}

/** Accuracies in percent. */
export interface AccuracyFigures {
  readonly knn20?: number;
  readonly linear?: { readonly top1: number };
}

/** Accuracies and cost. */
export interface NetworkFigures extends AccuracyFigures {
  readonly cost: { readonly share: number };
}

/** An experiment. */
export interface Experiment {
  /** Name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Its runs, given the folder of its data. */
  cells(data: string): readonly Cell[];
  /** The table, in Markdown, of the runs that are there. */
  table(evaluations: ReadonlyMap<string, CellEvaluation>): string;
}

/** `47.1 ± 0.3` of several values, `47.1` of one, `-` of none; the deviation is that of a sample. */
export function meanAndDeviation(values: readonly (number | undefined)[], digits: number): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return "-";
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length === 1) return mean.toFixed(digits);
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}

/** A Markdown table. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
