/**
 * Speed of this machine: the training step, where its time goes, checkpoints, augmentation, image files, and inference of the gated network beside the
 * dense one.
 *
 * @module
 */
export * from "./augment.ts";
export * from "./checkpoint.ts";
export * from "./folder.ts";
export * from "./infer.ts";
export * from "./loader.ts";
export * from "./profile.ts";
export * from "./step.ts";
export * from "./sweep.ts";
