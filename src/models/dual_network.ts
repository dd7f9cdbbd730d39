/**
 * The whole trained thing: encoder plus projector.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Initialiser, Module } from "../nn/mod.ts";
import type { Pass } from "./forward_context.ts";
import type { BlockOptions } from "./gated_block.ts";
import { GatedResNet } from "./gated_resnet.ts";
import { Projector } from "./projector.ts";
import { RotationHead } from "./rotation_head.ts";
import { featureSize, type NetworkSpec } from "./spec.ts";

/** What a run trains. */
export interface DualNetworkOptions extends BlockOptions {
  /** The encoder. */
  readonly spec: NetworkSpec;
  /** Size of the projections. */
  readonly projector: number;
  /** Seed of the initial weights; null: all of them 0, in a network that is measured and never trained. */
  readonly seed: number | null;
  /** Whether the dense and the gated encoder are two networks that share nothing but the projector (an ablation). */
  readonly separateEncoders?: boolean;
  /** The rotation head: as published, with a relu before its last layer, or by default none. */
  readonly rotationHead?: "paper" | "relu" | null;
}

/**
 * Encoder and projector, and what else is trained with them; the encoder's names have no prefix, the projector's begin with `projector.`,
 * those of a rotation head with `rotation_head.`, and those of a gated encoder that
 * shares nothing with the dense one with `gated_encoder.`.
 */
export class DualNetwork extends Module {
  /** The network that is kept: both encoders, or the dense one of two. */
  readonly encoder: GatedResNet;
  readonly #gatedEncoder: GatedResNet;
  /** Used in training only. */
  readonly projector: Projector;
  /** Used in training only, if rotations are told apart. */
  readonly rotationHead: RotationHead | null;

  /** Builds both and draws their weights from the seed. */
  constructor(readonly device: Device, options: DualNetworkOptions) {
    super();
    const initialiser = new Initialiser(options.seed);
    const { spec, separateEncoders = false } = options;
    const isTwo = options.gated && separateEncoders;
    this.encoder = new GatedResNet(device, initialiser, spec, isTwo ? { ...options, gated: false } : options);
    this.#gatedEncoder = isTwo
      ? this.child("gated_encoder", new GatedResNet(device, initialiser, spec, { ...options, separateNorm: false }))
      : this.encoder;
    this.projector = this.child(
      "projector",
      new Projector(device, initialiser, featureSize(spec), options.projector),
    );
    const { rotationHead = null } = options;
    this.rotationHead = rotationHead === null ? null : this.child(
      "rotation_head",
      new RotationHead(device, initialiser, featureSize(spec), rotationHead === "relu"),
    );
  }

  /** The encoder that a pass goes through. */
  encoderOf(pass: Pass): GatedResNet {
    return pass === "gated" ? this.#gatedEncoder : this.encoder;
  }

  /** The encoder's parameters, then the projector's. */
  override *parameters(prefix = ""): ReturnType<Module["parameters"]> {
    yield* this.encoder.parameters(prefix);
    yield* super.parameters(prefix);
  }

  /** The encoder's buffers, then the projector's. */
  override *buffers(prefix = ""): ReturnType<Module["buffers"]> {
    yield* this.encoder.buffers(prefix);
    yield* super.buffers(prefix);
  }

  /** Frees both. */
  override [Symbol.dispose](): void {
    this.encoder[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
