/**
 * sluice as a library: devices, tensors, operations, networks, training, evaluation, sweeps and reports.
 *
 * @example Count a network's multiply-accumulates
 * ```ts
 * import { networkCost } from "./mod.ts";
 *
 * const cost = networkCost({ arch: "resnet18", width: 64, stem: "cifar", image: 32 });
 * console.log(cost.macs); // 555417600
 * ```
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/device/mod.ts";
export * from "./src/tensor/mod.ts";
export * from "./src/random/mod.ts";
export * from "./src/formats/mod.ts";
export * from "./src/autograd/mod.ts";
export * from "./src/ops/mod.ts";
export * from "./src/nn/mod.ts";
export * from "./src/models/mod.ts";
export * from "./src/objectives/mod.ts";
export * from "./src/budget/mod.ts";
export * from "./src/optim/mod.ts";
export * from "./src/data/mod.ts";
export * from "./src/evaluation/mod.ts";
export * from "./src/config/mod.ts";
export * from "./src/run/mod.ts";
export * from "./src/training/mod.ts";
export * from "./src/encoders/mod.ts";
export * from "./src/bench/mod.ts";
export * from "./src/sweep/mod.ts";
export * from "./src/report/mod.ts";
