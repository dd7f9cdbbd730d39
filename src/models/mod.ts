/**
 * The networks that are trained: encoder, gates, projector and heads, their cost, and torchvision's layouts.
 *
 * @module
 */
export * from "./blocks/mod.ts";
export * from "./cost.ts";
export * from "./dual_network.ts";
export * from "./encoder_state.ts";
export * from "./forward_context.ts";
export * from "./gate.ts";
export * from "./gated_block.ts";
export * from "./gated_resnet.ts";
export * from "./ladder.ts";
export * from "./momentum_network.ts";
export * from "./network_names.ts";
export { isKnot, type KnotPlace } from "./norm_knots.ts";
export * from "./predictor.ts";
export * from "./projector.ts";
export * from "./rotation_head.ts";
export * from "./slim.ts";
export * from "./spec.ts";
export * from "./torchvision.ts";
