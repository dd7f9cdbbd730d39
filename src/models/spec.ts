/**
 * What a network is made of, in numbers.
 *
 * @module
 */

/** Architectures. */
export const architectures = ["resnet18", "resnet34"] as const;
/** An architecture's name. */
export type Architecture = typeof architectures[number];

/** Stems: the layers before the first block. */
export const stems = ["cifar", "cifar-paper", "imagenet"] as const;
/**
 * A stem's name: `cifar` 3x3 stride 1 padding 1, `cifar-paper` the same with padding 2 (maps grow by two), `imagenet` 7x7
 * stride 2 with a max pool.
 */
export type Stem = typeof stems[number];

/** A network before it is built. */
export interface NetworkSpec {
  /** Architecture. */
  readonly arch: Architecture;
  /** Channels of the first stage; 64 is the standard network, 4 the smallest. */
  readonly width: number;
  /** Stem. */
  readonly stem: Stem;
  /** Height and width of the images, in pixels. */
  readonly image: number;
  /** By how much gates narrow their input; 4 where left out. */
  readonly gateReduction?: number;
}

/** A stem's convolution and pool. */
export interface StemSpec {
  /** Height and width of the convolution's kernel. */
  readonly kernel: number;
  /** Stride of the convolution. */
  readonly stride: number;
  /** Padding of the convolution. */
  readonly padding: number;
  /** Max pool that follows, if any. */
  readonly pool: { readonly kernel: number; readonly stride: number; readonly padding: number } | null;
}

const stemSpecs: Readonly<Record<Stem, StemSpec>> = {
  "cifar": { kernel: 3, stride: 1, padding: 1, pool: null },
  "cifar-paper": { kernel: 3, stride: 1, padding: 2, pool: null },
  "imagenet": { kernel: 7, stride: 2, padding: 3, pool: { kernel: 3, stride: 2, padding: 1 } },
};

/** By how much a gate narrows its input, where nobody says. */
export const GATE_REDUCTION = 4;

/** Blocks of each stage. */
const stageBlocks: Readonly<Record<Architecture, readonly number[]>> = {
  resnet18: [2, 2, 2, 2],
  resnet34: [3, 4, 6, 3],
};

/** The layers of a stem. */
export function stemSpec(stem: Stem): StemSpec {
  return stemSpecs[stem];
}

/** A basic block before it is built. */
export interface BlockSpec {
  /** torchvision's name, `layer2.0` for one. */
  readonly name: string;
  /** Channels of the block's input. */
  readonly inChannels: number;
  /** Channels of the block's output, and between its convolutions. */
  readonly channels: number;
  /** Stride of the first convolution and of the shortcut. */
  readonly stride: number;
  /** Whether the shortcut is a 1x1 convolution (where stride or channels change) or the identity. */
  readonly projects: boolean;
  /** Values inside the gate: the input's channels over the reduction, one at least. */
  readonly gateHidden: number;
}

/** The blocks of a network in order. */
export function blockSpecs(spec: Pick<NetworkSpec, "arch" | "width" | "gateReduction">): BlockSpec[] {
  const blocks: BlockSpec[] = [];
  let inChannels = spec.width;
  stageBlocks[spec.arch].forEach((count, stage) => {
    const channels = spec.width * 2 ** stage;
    for (let index = 0; index < count; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const projects = stride !== 1 || inChannels !== channels;
      const gateHidden = Math.max(1, Math.floor(inChannels / (spec.gateReduction ?? GATE_REDUCTION)));
      blocks.push({ name: `layer${stage + 1}.${index}`, inChannels, channels, stride, projects, gateHidden });
      inChannels = channels;
    }
  });
  return blocks;
}

/** Values of a feature: channels of the last stage. */
export function featureSize(spec: Pick<NetworkSpec, "arch" | "width">): number {
  return spec.width * 2 ** (stageBlocks[spec.arch].length - 1);
}
