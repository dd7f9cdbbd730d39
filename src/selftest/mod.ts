/**
 * Self-test: the cases of all operations, and the harness that checks them.
 *
 * @module
 */
export * from "./case_inputs.ts";
export * from "./case_values.ts";
export * from "./harness.ts";
export * from "./operation_case.ts";
export * from "./operation_cases.ts";
