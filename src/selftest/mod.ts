/**
 * Self-test: operation cases, the harness that checks them, and the speed of single operations.
 *
 * @module
 */
export * from "./benchmark.ts";
export * from "./case_inputs.ts";
export * from "./case_values.ts";
export * from "./ceilings.ts";
export * from "./harness.ts";
export * from "./operation_case.ts";
export * from "./operation_cases.ts";
export * from "./stopwatch.ts";
