/**
 * A run's configuration, as the trainer takes it: every option with its value.
 *
 * @module
 */
import type { Architecture, Stem } from "../models/spec.ts";
import type { Precision } from "./precision.ts";

/** Everything that decides a run's result, all of it resolved. Written to the run's `config.yaml` under kebab-case keys. */
export interface RunConfig {
  /** Name of a data set in `src/data/datasets/`. */
  readonly dataset: string;
  /** Folder with the data set's files; null where it needs none. */
  readonly data: string | null;
  /** Use so many training images, of class folders spread evenly, else the first; null: all of them (for `shapes`, its usual number). */
  readonly trainImages: number | null;
  /** Use so many test images, likewise; null: all of them. */
  readonly testImages: number | null;
  /** Height and width that image files are brought to; null: 224, or the images' own where a data set has one size. */
  readonly imageSize: number | null;
  /** File that lists the class folders to use, or null: all. */
  readonly classList: string | null;
  /** A damaged image file ends the run, instead of being left out. */
  readonly strict: boolean;
  /** Threads that read image files ahead; 0: one for each processor that this process may use. */
  readonly workers: number;
  /** Architecture of the network. */
  readonly arch: Architecture;
  /** Channels of the first stage: a multiple of 4. The features have 8 times as many values. */
  readonly width: number;
  /** First convolution: 3x3 with padding 1 or 2, or 7x7 with stride 2 and pooling. */
  readonly stem: Stem;
  /** Self-supervised objective between the projections of two views. */
  readonly objective: string;
  /** VICReg has its invariance term. */
  readonly invariance: boolean;
  /** `dual`: a gated and a dense pass; `vanilla`: two dense passes; `gated`: two gated passes. */
  readonly mode: "dual" | "vanilla" | "gated";
  /** Target cost of the gated network as a share of the dense network's multiply-accumulates, in (0, 1]. */
  readonly budget: number;
  /** What holds the budget: `default` a controlled price on cost, `paper` the penalties of arXiv 2301.09164. */
  readonly budgetRule: "default" | "paper";
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images a step. */
  readonly batch: number;
  /** Images left over after an epoch's last whole batch are not trained on in that epoch. */
  readonly dropLast: boolean;
  /** Base learning rate, as used (not per 256 images). */
  readonly lr: number;
  /** Weight decay of all parameters but gates and one-dimensional ones. */
  readonly weightDecay: number;
  /** Optimiser. */
  readonly optimizer: "lars" | "sgd";
  /** Epochs of linear warm-up of the learning rate. */
  readonly warmupEpochs: number;
  /** Width of the projector's three layers. */
  readonly projector: number;
  /** The two norms of every block exist twice, one set for each pass. */
  readonly separateNorm: boolean;
  /** The dense and the gated encoder are two networks that share no weights. */
  readonly separateEncoders: boolean;
  /** The dense pass sees views rotated by quarter turns, and a head tells from its features by how many. */
  readonly rotation: boolean;
  /**
   * `paper`: the head that tells rotations as published; `relu`: as the first version had it, with a relu before its last layer,
   * and with a warm-up that begins at a multiple of the other parameters' rate.
   */
  readonly rotationHead: "paper" | "relu";
  /** Each view goes through both passes, at twice the cost. */
  readonly symmetric: boolean;
  /** Epochs at the start in which every pass is dense and the budget has no say. */
  readonly gateWarmup: number;
  /** By how much the gates narrow their input. */
  readonly gateReduction: number;
  /** Initial value of biases of the gates' logits; null: they have none. */
  readonly gateBias: number | null;
  /** Temperature tau of the gates' sigmoid, at the beginning. */
  readonly gateTemperature: number;
  /** Temperature in the last epoch, where it is annealed; null: constant. */
  readonly gateTemperatureEnd: number | null;
  /** Speed alpha at which the bounds of a gate's open share relax, p = exp(-alpha epoch). */
  readonly boundAlpha: number;
  /** Epochs between two k-NN evaluations during training; 0: none. */
  readonly evalEvery: number;
  /** Epochs between two checkpoints that stay; 0: only the last ones do. */
  readonly checkpointEvery: number;
  /** How many last checkpoints are kept, the latest among them. */
  readonly keepCheckpoints: number;
  /** Seed of everything random. */
  readonly seed: number;
  /** Device that computes. */
  readonly device: "auto" | "cpu" | "cuda" | `cuda:${number}`;
  /** What training multiplies; `auto` is bf16 where the device has instructions for it, else f32. */
  readonly precision: "auto" | Precision;
  /** CPU threads; 0: one for each processor that this process may use. */
  readonly threads: number;
  /** All images lie on the device, as bytes; else they stay with the host, and a batch is uploaded while the one before is trained on. */
  readonly dataOnDevice: boolean;
  /** A GPU's convolution engines are measured once, instead of chosen by rule, and stored in the run. */
  readonly autotune: boolean;
  /** File of engines that another run has measured, or null. */
  readonly plans: string | null;
}
