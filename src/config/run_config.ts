/**
 * The configuration of a run: every option with its value.
 *
 * @module
 */
import type { Budget } from "./budget_range.ts";
import type { Architecture, Stem } from "../models/spec.ts";
import type { Precision } from "../tensor/precision.ts";

/** Every option of a run, resolved. The run's `config.yaml` holds them under kebab-case keys. */
export interface RunConfig {
  /** Name of a data set in `src/data/datasets/`. */
  readonly dataset: string;
  /** Folder with the data set's files; null for the default folder, or a data set without files. */
  readonly data: string | null;
  /**
   * Number of training images, from class folders spread evenly, else the first ones; null uses all (for `shapes`, its
   * usual number).
   */
  readonly trainImages: number | null;
  /** Number of test images, chosen in the same way; null uses all. */
  readonly testImages: number | null;
  /** Height and width that image files are resized to; null is 224, or the data set's own size if it has one. */
  readonly imageSize: number | null;
  /** File that lists the class folders to use; null uses all. */
  readonly classList: string | null;
  /** Whether a damaged image file ends the run; else it is left out. */
  readonly strict: boolean;
  /** Threads that read image files ahead; 0 is one for each processor that this process may use. */
  readonly workers: number;
  /** Architecture of the network. */
  readonly arch: Architecture;
  /**
   * Channels of the first stage: a multiple of 4. ResNet-18 and 34 have 8 times as many features, ResNet-50 32 times.
   */
  readonly width: number;
  /** First convolution: 3x3 with padding 1 or 2, or 7x7 with stride 2 and pooling. */
  readonly stem: Stem;
  /** Self-supervised objective between the projections of two views. */
  readonly objective: string;
  /** Whether VICReg has its invariance term. */
  readonly invariance: boolean;
  /** `dual`: a gated and a dense pass; `vanilla`: two dense passes; `gated`: two gated passes. */
  readonly mode: "dual" | "vanilla" | "gated";
  /**
   * Target cost of the gated network as a share of the dense network's multiply-accumulates, in (0, 1]; or a range of
   * costs, such as `0.1..0.9` or `any`, of which the run serves every one.
   */
  readonly budget: Budget;
  /**
   * Defaults of the options below that shape the beginning of a run with gates: `default` begins gently, with no gates
   * at first, then open gates and little noise; `paper` begins as arXiv 2301.09164 does.
   */
  readonly recipe: "default" | "paper";
  /**
   * The rule that meets the budget: `default` is a controlled price of cost, `paper` the penalties of arXiv 2301.09164.
   */
  readonly budgetRule: "default" | "paper";
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images per step. */
  readonly batch: number;
  /** Whether an epoch leaves out the images after its last whole batch. */
  readonly dropLast: boolean;
  /** Base learning rate for this batch (not per 256 images). */
  readonly lr: number;
  /** Weight decay of all parameters except gates and one-dimensional ones. */
  readonly weightDecay: number;
  /** Optimiser. */
  readonly optimizer: "lars" | "sgd";
  /** Epochs of linear warm-up of the learning rate. */
  readonly warmupEpochs: number;
  /** Width of the projector's three layers. */
  readonly projector: number;
  /** Whether the two norms of every block exist twice, once for each pass. */
  readonly separateNorm: boolean;
  /** Whether residual branches begin at 0: the scale of each block's last norm is 0 at first, in both sets of norms. */
  readonly zeroInitResidual: boolean;
  /** Whether the dense and the gated encoder are two networks that share no weights. */
  readonly separateEncoders: boolean;
  /** Whether the dense pass sees views rotated by quarter turns, and a head predicts the number of turns. */
  readonly rotation: boolean;
  /**
   * The head that predicts rotations. `paper` is the published one. `relu` is that of the first version: it has a relu
   * before its last layer, and its learning rate is the network's times a constant.
   */
  readonly rotationHead: "paper" | "relu";
  /** Whether each view goes through both passes, at twice the cost. */
  readonly symmetric: boolean;
  /** Epochs at the start in which every pass is dense and the budget does not count. */
  readonly gateWarmup: number;
  /** Whether the gated norms take the state of the dense norms when gates begin, after a gate warm-up. */
  readonly copyNorms: boolean;
  /** Epochs after the gate warm-up in which the target cost falls from 1 to the budget, along half a cosine. */
  readonly budgetRamp: number;
  /** Share of the steps after the gate warm-up that have two dense passes and no gates, spread evenly. */
  readonly vanillaShare: number;
  /** Factor by which the gates reduce their number of inputs. */
  readonly gateReduction: number;
  /** Neighbouring channels that a gate opens together; divides the width. */
  readonly gateGroup: number;
  /** Initial bias of the gates' logits; null for gates without biases. */
  readonly gateBias: number | null;
  /** Added to the gates' logits at first and not trained; falls to 0 with the target cost, see `budgetRamp`. */
  readonly gateOpening: number;
  /** Scale sigma of the noise that is added to logits in training, at first if it changes; the paper's is 1. */
  readonly gateNoise: number;
  /** Scale of the noise from 80 % of the run on, reached along a line; null keeps it constant. */
  readonly gateNoiseEnd: number | null;
  /** Temperature tau of the gates' sigmoid, in the first epoch if it changes. */
  readonly gateTemperature: number;
  /** Temperature in the last epoch; null keeps it constant. */
  readonly gateTemperatureEnd: number | null;
  /** Whether each gate's open share is held between two bounds that loosen. */
  readonly bounds: boolean;
  /** Speed alpha at which the bounds of each gate's open share loosen, p = exp(-alpha epoch). */
  readonly boundAlpha: number;
  /** Epochs between two k-NN evaluations during training; 0 for none. */
  readonly evalEvery: number;
  /** Epochs between two checkpoints that are kept for good; 0 keeps only the last ones. */
  readonly checkpointEvery: number;
  /** How many of the last checkpoints to keep. */
  readonly keepCheckpoints: number;
  /** Seed of everything random. */
  readonly seed: number;
  /** Device that computes. */
  readonly device: "auto" | "cpu" | "cuda" | `cuda:${number}`;
  /**
   * Precision of training and of the run's own evaluations; `auto` is bf16 if the device multiplies it in hardware,
   * else f32.
   */
  readonly precision: "auto" | Precision;
  /** CPU threads; 0 is one for each processor that this process may use. */
  readonly threads: number;
  /**
   * Whether all images are kept on the device, as bytes; else each batch is uploaded while the batch before it is
   * trained on.
   */
  readonly dataOnDevice: boolean;
  /** Whether a GPU's convolution engines are measured once and stored in the run; else a rule chooses them. */
  readonly autotune: boolean;
  /** Whether a GPU's steps are recorded once as a CUDA graph and repeated with one call each. */
  readonly cudaGraph: boolean;
  /** File with the engines that another run measured, or null. */
  readonly plans: string | null;
}
