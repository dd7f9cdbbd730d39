/**
 * The lists of all cases and of all benchmarks.
 *
 * @module
 */
import { augmentBenchmarks, augmentCases } from "./augment_cases.ts";
import { batchNormBenchmarks, batchNormCases } from "./batch_norm_cases.ts";
import { binaryBenchmarks, binaryCases } from "./binary_cases.ts";
import { castCases } from "./cast_cases.ts";
import { conv2dBenchmarks, conv2dCases } from "./conv2d_cases.ts";
import { crossEntropyCases } from "./cross_entropy_cases.ts";
import { enqueueRowsBenchmarks, enqueueRowsCases } from "./enqueue_rows_cases.ts";
import { gateBenchmarks, gateCases } from "./gate_cases.ts";
import { gateDecideBenchmarks, gateDecideCases } from "./gate_decide_cases.ts";
import { gatedConvolutionsBenchmarks, gatedConvolutionsCases } from "./gated_convolutions_cases.ts";
import { gatherRowsCases } from "./gather_rows_cases.ts";
import { globalPoolBenchmarks, globalPoolCases } from "./global_pool_cases.ts";
import { larsCases } from "./lars_cases.ts";
import { linearBenchmarks, linearCases } from "./linear_cases.ts";
import { matmulBenchmarks, matmulCases } from "./matmul_cases.ts";
import { maxPoolBenchmarks, maxPoolCases } from "./max_pool_cases.ts";
import { movingAverageBenchmarks, movingAverageCases } from "./moving_average_cases.ts";
import type { OperationBenchmark, OperationCase } from "./operation_case.ts";
import { philoxUniformBenchmarks, philoxUniformCases } from "./philox_uniform_cases.ts";
import { repeatColumnsBenchmarks, repeatColumnsCases } from "./repeat_columns_cases.ts";
import { rotateBenchmarks, rotateCases } from "./rotate_cases.ts";
import { scaleCases } from "./scale_cases.ts";
import { sgdCases } from "./sgd_cases.ts";
import { sliceRowsCases } from "./slice_rows_cases.ts";
import { stackCases } from "./stack_cases.ts";
import { sumBenchmarks, sumCases } from "./sum_cases.ts";
import { topKBenchmarks, topKCases } from "./top_k_cases.ts";
import { unaryBenchmarks, unaryCases } from "./unary_cases.ts";
import { writeRowsBenchmarks, writeRowsCases } from "./write_rows_cases.ts";

/** All cases. */
export const operationCases: readonly OperationCase[] = [
  ...augmentCases,
  ...batchNormCases,
  ...binaryCases,
  ...castCases,
  ...conv2dCases,
  ...crossEntropyCases,
  ...enqueueRowsCases,
  ...gateCases,
  ...gateDecideCases,
  ...gatedConvolutionsCases,
  ...gatherRowsCases,
  ...globalPoolCases,
  ...larsCases,
  ...linearCases,
  ...matmulCases,
  ...maxPoolCases,
  ...movingAverageCases,
  ...philoxUniformCases,
  ...repeatColumnsCases,
  ...rotateCases,
  ...scaleCases,
  ...sgdCases,
  ...sliceRowsCases,
  ...stackCases,
  ...sumCases,
  ...topKCases,
  ...unaryCases,
  ...writeRowsCases,
];

/** All benchmarks. */
export const operationBenchmarks: readonly OperationBenchmark[] = [
  ...conv2dBenchmarks,
  ...gatedConvolutionsBenchmarks,
  ...matmulBenchmarks,
  ...linearBenchmarks,
  ...batchNormBenchmarks,
  ...globalPoolBenchmarks,
  ...maxPoolBenchmarks,
  ...gateBenchmarks,
  ...gateDecideBenchmarks,
  ...repeatColumnsBenchmarks,
  ...unaryBenchmarks,
  ...binaryBenchmarks,
  ...sumBenchmarks,
  ...topKBenchmarks,
  ...philoxUniformBenchmarks,
  ...augmentBenchmarks,
  ...rotateBenchmarks,
  ...writeRowsBenchmarks,
  ...enqueueRowsBenchmarks,
  ...movingAverageBenchmarks,
];
