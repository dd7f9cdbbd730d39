/**
 * What a network is made of, in numbers.
 *
 * @module
 */

/** Architectures. */
export const architectures = ["resnet18", "resnet34", "resnet50"] as const;
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

/** What an architecture's stages are made of. */
interface Stages {
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** Whether they are bottlenecks, 1x1, 3x3 and 1x1, or basic blocks, 3x3 and 3x3. */
  readonly bottlenecks: boolean;
}

const stagesOf: Readonly<Record<Architecture, Stages>> = {
  resnet18: { blocks: [2, 2, 2, 2], bottlenecks: false },
  resnet34: { blocks: [3, 4, 6, 3], bottlenecks: false },
  resnet50: { blocks: [3, 4, 6, 3], bottlenecks: true },
};

/** Channels of a bottleneck's output over those between its convolutions. */
const EXPANSION = 4;

/** The layers of a stem. */
export function stemSpec(stem: Stem): StemSpec {
  return stemSpecs[stem];
}

/** A convolution of a block before it is built; a norm follows it. */
export interface ConvolutionSpec {
  /** Height and width of the kernel; the padding keeps the map's size where the stride is 1. */
  readonly kernel: number;
  /** Stride. */
  readonly stride: number;
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
}

/** A gate before it is built. */
export interface GateSpec {
  /** Its name in the block: `gate`, or `gate1` and `gate2` where there are two. */
  readonly name: string;
  /** What reports call it: the block's name where that has no other gate, `layer2.0` for one; `layer2.0.gate1` where it has. */
  readonly label: string;
  /** Channels of the block's input, which every gate of the block reads. */
  readonly inChannels: number;
  /** Values inside the gate: the input's channels over the reduction, one at least. */
  readonly hidden: number;
  /** Channels that the gate decides on. */
  readonly channels: number;
}

/** A residual block before it is built: convolutions in a row, with a gate on the outputs of each but the last. */
export interface BlockSpec {
  /** torchvision's name, `layer2.0` for one. */
  readonly name: string;
  /** Channels of the block's input. */
  readonly inChannels: number;
  /** Channels of the block's output. */
  readonly outChannels: number;
  /** Stride of the block: of one of the convolutions, and of the shortcut. */
  readonly stride: number;
  /** Whether the shortcut is a 1x1 convolution (where stride or channels change) or the identity. */
  readonly projects: boolean;
  /** The convolutions in order: two of a basic block, three of a bottleneck. */
  readonly convolutions: readonly ConvolutionSpec[];
  /** The gates: the n-th opens the outputs of the n-th convolution, and so the inputs of the one after it. */
  readonly gates: readonly GateSpec[];
}

/** The convolutions of a block: 3x3 and 3x3, or 1x1, 3x3 and 1x1; as torchvision does it, the first 3x3 has the stride. */
function blockConvolutions(
  inChannels: number,
  channels: number,
  stride: number,
  bottleneck: boolean,
): ConvolutionSpec[] {
  const convolution = (kernel: number, inputs: number, outputs: number, step = 1) => {
    return { kernel, stride: step, inChannels: inputs, outChannels: outputs };
  };
  return bottleneck
    ? [
      convolution(1, inChannels, channels),
      convolution(3, channels, channels, stride),
      convolution(1, channels, EXPANSION * channels),
    ]
    : [convolution(3, inChannels, channels, stride), convolution(3, channels, channels)];
}

/** The blocks of a network in order. */
export function blockSpecs(spec: Pick<NetworkSpec, "arch" | "width" | "gateReduction">): BlockSpec[] {
  const { blocks: counts, bottlenecks } = stagesOf[spec.arch];
  const blocks: BlockSpec[] = [];
  let inChannels = spec.width;
  counts.forEach((count, stage) => {
    const channels = spec.width * 2 ** stage;
    const outChannels = bottlenecks ? EXPANSION * channels : channels;
    for (let index = 0; index < count; index++) {
      const name = `layer${stage + 1}.${index}`;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const projects = stride !== 1 || inChannels !== outChannels;
      const hidden = Math.max(1, Math.floor(inChannels / (spec.gateReduction ?? GATE_REDUCTION)));
      const gate = (own: string, label: string) => ({ name: own, label, inChannels, hidden, channels });
      const gates = bottlenecks ? ["gate1", "gate2"].map((own) => gate(own, `${name}.${own}`)) : [gate("gate", name)];
      const convolutions = blockConvolutions(inChannels, channels, stride, bottlenecks);
      blocks.push({ name, inChannels, outChannels, stride, projects, convolutions, gates });
      inChannels = outChannels;
    }
  });
  return blocks;
}

/** The gates of a network in order. */
export function gateSpecs(spec: Pick<NetworkSpec, "arch" | "width" | "gateReduction">): GateSpec[] {
  return blockSpecs(spec).flatMap(({ gates }) => gates);
}

/** Values of a feature: channels of the last block's output. */
export function featureSize(spec: Pick<NetworkSpec, "arch" | "width">): number {
  return blockSpecs(spec).at(-1)?.outChannels ?? spec.width;
}
