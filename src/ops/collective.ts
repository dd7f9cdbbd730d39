/**
 * The exchange that batch norm needs between the processes of a run.
 *
 * @module
 */
import type { Tensor } from "../tensor/mod.ts";

/** Exchanges tensors between the processes (ranks) that train one network together. */
export interface Collective {
  /** Number of processes. */
  readonly size: number;
  /**
   * Replaces `statistics` [2, C] (mean, sum of squared deviations over `count` rows) by the statistics of the rows of
   * all processes (Chan's formula), and returns the number of these rows.
   */
  mergeStatistics(statistics: Tensor, count: number): number;
  /** Replaces a tensor by its sum over the processes, in the order of ranks. */
  sum(tensor: Tensor): void;
}

/** The collective of a single process, which exchanges nothing. */
export const singleProcess: Collective = {
  size: 1,
  mergeStatistics: (_statistics, count) => count,
  sum: () => {},
};
