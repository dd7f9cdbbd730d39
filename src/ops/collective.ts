/**
 * What batch norm needs from the other processes of a run.
 *
 * @module
 */
import type { Tensor } from "../tensor/mod.ts";

/** Exchange between the processes (ranks) that train one network together. */
export interface Collective {
  /** Number of processes. */
  readonly size: number;
  /**
   * Replaces `statistics` [2, C] (mean, sum of squared deviations over `count` rows) by that of all processes' rows
   * (Chan's formula) and returns their count.
   */
  mergeStatistics(statistics: Tensor, count: number): number;
  /** Replaces a tensor by its sum over the processes, in the order of ranks. */
  sum(tensor: Tensor): void;
}

/** A run of one process: nothing to exchange. */
export const singleProcess: Collective = {
  size: 1,
  mergeStatistics: (_statistics, count) => count,
  sum: () => {},
};
