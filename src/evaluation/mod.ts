/**
 * Evaluation of frozen features: neighbours, linear probes, measured cost, and the worth of the gates' masks.
 *
 * @module
 */
export * from "./accuracy.ts";
export * from "./augmented_probe.ts";
export * from "./channels.ts";
export * from "./evaluation.ts";
export * from "./feature_likeness.ts";
export * from "./features.ts";
export * from "./gate_usage.ts";
export * from "./health.ts";
export * from "./image_sample.ts";
export * from "./judge.ts";
export * from "./judge_features.ts";
export * from "./linear_probe.ts";
export * from "./mask_worth.ts";
export * from "./masks.ts";
export * from "./measured_cost.ts";
export * from "./measured_network.ts";
export * from "./nearest_images.ts";
export * from "./neighbours.ts";
export * from "./online_probe.ts";
export * from "./oracle.ts";
export * from "./protocols.ts";
export * from "./recalibration.ts";
export * from "./slim_mask.ts";
export * from "./softmax_classifier.ts";
export * from "./speed.ts";
export * from "./static_masks.ts";
export * from "./training_views.ts";
export * from "./turns.ts";
export * from "./unlabelled.ts";
