/**
 * Operations on tensors: each file holds one operation, its forward and its backward.
 *
 * @module
 */
export * from "./augment.ts";
export * from "./batch_norm.ts";
export * from "./binary.ts";
export * from "./cast.ts";
export * from "./collective.ts";
export * from "./conv2d.ts";
export * from "./cross_entropy.ts";
export * from "./enqueue_rows.ts";
export * from "./gate.ts";
export * from "./gate_decide.ts";
export * from "./gated_convolutions.ts";
export * from "./gather_rows.ts";
export * from "./global_pool.ts";
export * from "./lars.ts";
export * from "./linear.ts";
export * from "./masked_convolutions.ts";
export * from "./matmul.ts";
export * from "./max_pool.ts";
export * from "./moving_average.ts";
export * from "./packed_weights.ts";
export * from "./philox_uniform.ts";
export * from "./repeat_columns.ts";
export * from "./rotate.ts";
export * from "./scale.ts";
export * from "./sgd.ts";
export * from "./slice_rows.ts";
export * from "./stack.ts";
export * from "./sum.ts";
export * from "./top_k.ts";
export * from "./unary.ts";
export * from "./write_rows.ts";
