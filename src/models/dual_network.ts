/**
 * The network that a run trains: encoders, projector and heads.
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

/** How the network of a run is built. */
export interface DualNetworkOptions extends BlockOptions {
  /** The encoder. */
  readonly spec: NetworkSpec;
  /** Values of a projection. */
  readonly projector: number;
  /** Seed of the initial weights, or null for weights of 0, in a network that is measured and never trained. */
  readonly seed: number | null;
  /** Whether the dense and the gated encoder are two networks that share only the projector (an ablation). */
  readonly separateEncoders?: boolean;
  /** The rotation head: as published, or with a relu before its last layer. Defaults to null: no head. */
  readonly rotationHead?: "paper" | "relu" | null;
}

/**
 * Encoder, projector and rotation head. The encoder's names have no prefix. The other names begin with `projector.`,
 * `rotation_head.`, and `gated_encoder.` if the gated encoder is a network of its own.
 */
export class DualNetwork extends Module {
  /** Both encoders, or the dense encoder if they are two networks. */
  readonly encoder: GatedResNet;
  readonly #gatedEncoder: GatedResNet;
  /** Used in training only. */
  readonly projector: Projector;
  /** Used in training only; null if the run predicts no rotations. */
  readonly rotationHead: RotationHead | null;

  /** Builds the parts and draws their weights from the seed. */
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

  /** The encoder of a pass. */
  encoderOf(pass: Pass): GatedResNet {
    return pass === "gated" ? this.#gatedEncoder : this.encoder;
  }

  /** The encoder's parameters, then those of the other parts. */
  override *parameters(prefix = ""): ReturnType<Module["parameters"]> {
    yield* this.encoder.parameters(prefix);
    yield* super.parameters(prefix);
  }

  /** The encoder's buffers, then those of the other parts. */
  override *buffers(prefix = ""): ReturnType<Module["buffers"]> {
    yield* this.encoder.buffers(prefix);
    yield* super.buffers(prefix);
  }

  /** Frees all parts. */
  override [Symbol.dispose](): void {
    this.encoder[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
