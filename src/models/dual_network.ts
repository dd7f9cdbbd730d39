/**
 * The whole trained thing: encoder plus projector.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Initialiser, Module } from "../nn/mod.ts";
import type { BlockOptions } from "./gated_basic_block.ts";
import { GatedResNet } from "./gated_resnet.ts";
import { Projector } from "./projector.ts";
import { featureSize, type NetworkSpec } from "./spec.ts";

/** What a run trains. */
export interface DualNetworkOptions extends BlockOptions {
  /** The encoder. */
  readonly spec: NetworkSpec;
  /** Size of the projections. */
  readonly projector: number;
  /** Seed of the initial weights. */
  readonly seed: number;
}

/** Encoder and projector; the encoder's names have no prefix, the projector's begin with `projector.`. */
export class DualNetwork extends Module {
  /** The network that is kept. */
  readonly encoder: GatedResNet;
  /** Used in training only. */
  readonly projector: Projector;

  /** Builds both and draws their weights from the seed. */
  constructor(readonly device: Device, options: DualNetworkOptions) {
    super();
    const initialiser = new Initialiser(options.seed);
    this.encoder = new GatedResNet(device, initialiser, options.spec, options);
    this.projector = this.child(
      "projector",
      new Projector(device, initialiser, featureSize(options.spec), options.projector),
    );
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
