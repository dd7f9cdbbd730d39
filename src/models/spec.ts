/**
 * Networks before they are built: architecture, stem, blocks, convolutions and gates in numbers.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { ConvolutionRow } from "../ops/mod.ts";
import { basicBlock, type BlockKind, bottleneckBlock } from "./blocks/mod.ts";

/** A residual network's stages before their width is known. */
export interface ArchitectureSpec {
  /** Its name in messages and in exported files. */
  readonly name: string;
  /** Blocks of each stage; every stage but the first halves the map and doubles the channels. */
  readonly blocks: readonly number[];
  /** The kind of all blocks. */
  readonly kind: BlockKind;
}

/** Names of the architectures that a run can train. */
export const architectures = ["resnet18", "resnet34", "resnet50"] as const;
/** An architecture's name. */
export type Architecture = typeof architectures[number];

const architectureSpecs: Readonly<Record<Architecture, ArchitectureSpec>> = {
  resnet18: { name: "resnet18", blocks: [2, 2, 2, 2], kind: basicBlock },
  resnet34: { name: "resnet34", blocks: [3, 4, 6, 3], kind: basicBlock },
  resnet50: { name: "resnet50", blocks: [3, 4, 6, 3], kind: bottleneckBlock },
};

/** The stages of an architecture. */
export function architectureSpec(arch: NetworkSpec["arch"]): ArchitectureSpec {
  return typeof arch === "string" ? architectureSpecs[arch] : arch;
}

/** Names of stems: the layers before the first block. */
export const stems = ["cifar", "cifar-paper", "imagenet"] as const;
/**
 * A stem's name. `cifar` is 3x3 with stride 1 and padding 1, `cifar-paper` the same with padding 2, so that maps grow
 * by two pixels, `imagenet` 7x7 with stride 2 and a max pool.
 */
export type Stem = typeof stems[number];

/** A network before it is built. */
export interface NetworkSpec {
  /** An architecture by name, or one of your own. */
  readonly arch: Architecture | ArchitectureSpec;
  /** Channels of the first stage; 64 is the standard network, 4 the smallest. */
  readonly width: number;
  /** The layers before the first block. */
  readonly stem: Stem;
  /** Height and width of the images, in pixels. */
  readonly image: number;
  /** Channels of a gate's input over the values inside the gate. Defaults to 4. */
  readonly gateReduction?: number;
  /** Neighbouring channels that a gate opens together; it divides the width. Defaults to 1. */
  readonly gateGroup?: number;
  /**
   * Of a network that serves every budget: the costs at which its gated norms are estimated after training, as shares
   * of the dense network's, ascending. It has one order of channels for all images in place of gates that decide.
   */
  readonly ladder?: readonly number[] | undefined;
  /**
   * Of a slim network, which has no gates: the channels of the convolutions that have gates in other networks, in
   * order, each at least 1. Defaults to all channels and gates.
   */
  readonly kept?: readonly number[];
}

/** A stem's convolution and pool. */
export interface StemSpec {
  /** Height and width of the convolution's kernel. */
  readonly kernel: number;
  /** Stride of the convolution. */
  readonly stride: number;
  /** Padding of the convolution. */
  readonly padding: number;
  /** The max pool behind the convolution, or null. */
  readonly pool: { readonly kernel: number; readonly stride: number; readonly padding: number } | null;
}

const stemSpecs: Readonly<Record<Stem, StemSpec>> = {
  "cifar": { kernel: 3, stride: 1, padding: 1, pool: null },
  "cifar-paper": { kernel: 3, stride: 1, padding: 2, pool: null },
  "imagenet": { kernel: 7, stride: 2, padding: 3, pool: { kernel: 3, stride: 2, padding: 1 } },
};

/** Default of `gateReduction`. */
export const GATE_REDUCTION = 4;

/** The layers of a stem. */
export function stemSpec(stem: Stem): StemSpec {
  return stemSpecs[stem];
}

/** A convolution of a block before it is built; a norm follows it. */
export interface ConvolutionSpec extends ConvolutionRow {
  /** Channels of the input: the outputs of the convolution before it. */
  readonly inChannels: number;
}

/** A gate before it is built. */
export interface GateSpec {
  /** Its name in the block: `gate`, or `gate1`, `gate2` and so on if the block has several. */
  readonly name: string;
  /**
   * Its name in reports: the block's name (`layer2.0`), or with the gate's (`layer2.0.gate1`) if the block has several.
   */
  readonly label: string;
  /** Channels of the block's input, which every gate of the block reads. */
  readonly inChannels: number;
  /** Values inside the gate: the input's channels over the reduction, at least 1; 0 in a ladder. */
  readonly hidden: number;
  /** Channels that the gate decides on. */
  readonly channels: number;
  /** Channels for each logit: logit k opens channels k * group to k * group + group - 1. */
  readonly group: number;
}

/** A residual block before it is built. */
export interface BlockSpec {
  /** torchvision's name, such as `layer2.0`. */
  readonly name: string;
  /** Channels of the block's input. */
  readonly inChannels: number;
  /** Channels of the block's output. */
  readonly outChannels: number;
  /** Stride of the block and of its shortcut. */
  readonly stride: number;
  /** Whether the shortcut is a 1x1 convolution, because stride or channels change, instead of the identity. */
  readonly projects: boolean;
  /** The table of convolutions in order. */
  readonly convolutions: readonly ConvolutionSpec[];
  /** The gates of the masked convolutions in order. */
  readonly gates: readonly GateSpec[];
}

/** The parts of a specification that decide its blocks. */
export type BlockSettings = Pick<NetworkSpec, "arch" | "width" | "gateReduction" | "gateGroup" | "kept" | "ladder">;

/** The table of a kind. @throws {ShapeError} if a mask follows its last row, or its strides are not the block's. */
function checkedTable(kind: BlockKind, channels: number, stride: number): readonly ConvolutionRow[] {
  const table = kind.table(channels, stride);
  const strides = table.reduce((product, row) => product * row.stride, 1);
  if (table.at(-1)?.masked !== false) {
    throw new ShapeError(`block kind "${kind.name}": the last row must be unmasked, since the residual is added there`);
  }
  if (strides !== stride) {
    throw new ShapeError(
      `block kind "${kind.name}": its strides multiply to ${strides}; make it the block's ${stride}`,
    );
  }
  return table;
}

/**
 * A table whose masked rows have the channels of a slim network instead of masks.
 *
 * @param kept the next channels in order; this table takes one for each masked row.
 * @throws {ShapeError} if there are no more.
 */
function slimTable(table: readonly ConvolutionRow[], kept: Iterator<number>): ConvolutionRow[] {
  return table.map((row) => {
    if (!row.masked) return row;
    const { value: outChannels, done } = kept.next();
    if (done === true) throw new ShapeError("a slim network needs the channels of every convolution that has a gate");
    return { ...row, outChannels, masked: false };
  });
}

/**
 * A block of `channels` channels between its convolutions.
 *
 * @param kept the channels of a slim network's convolutions, those of this block next; undefined for other networks.
 * @throws {ShapeError} as {@linkcode blockSpecs}.
 */
function blockSpec(
  settings: BlockSettings,
  name: string,
  { inChannels, channels, stride }: { inChannels: number; channels: number; stride: number },
  kept: Iterator<number> | undefined,
): BlockSpec {
  const { gateReduction = GATE_REDUCTION, gateGroup: group = 1 } = settings;
  let inputs = inChannels;
  const table = checkedTable(architectureSpec(settings.arch).kind, channels, stride);
  const convolutions = (kept === undefined ? table : slimTable(table, kept)).map(
    (row): ConvolutionSpec => {
      const convolution = { ...row, inChannels: inputs, ...(row.masked ? { group } : {}) };
      inputs = row.outChannels;
      return convolution;
    },
  );
  // A ladder's gates compute nothing.
  const hidden = settings.ladder === undefined ? Math.max(1, Math.floor(inChannels / gateReduction)) : 0;
  const masked = convolutions.filter((convolution) => convolution.masked);
  const gates = masked.map(({ outChannels }, index): GateSpec => {
    const own = masked.length === 1 ? { name: "gate", label: name } : {
      name: `gate${index + 1}`,
      label: `${name}.gate${index + 1}`,
    };
    if (!Number.isInteger(group) || group < 1 || outChannels % group !== 0) {
      throw new ShapeError(
        `${own.label}: a gate of ${outChannels} channels cannot open groups of ${group}; give a divisor of ${outChannels}`,
      );
    }
    return { ...own, inChannels, hidden, channels: outChannels, group };
  });
  const projects = stride !== 1 || inChannels !== inputs;
  return { name, inChannels, outChannels: inputs, stride, projects, convolutions, gates };
}

/**
 * The blocks of a network in order.
 *
 * @throws {ShapeError} if the gates' group does not divide their channels, the table of a block kind is not valid, or a
 * slim network lacks the channels of a convolution.
 */
export function blockSpecs(settings: BlockSettings): BlockSpec[] {
  const blocks: BlockSpec[] = [];
  let inChannels = settings.width;
  const kept = settings.kept?.values();
  architectureSpec(settings.arch).blocks.forEach((count, stage) => {
    const channels = settings.width * 2 ** stage;
    for (let index = 0; index < count; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const block = blockSpec(settings, `layer${stage + 1}.${index}`, { inChannels, channels, stride }, kept);
      blocks.push(block);
      inChannels = block.outChannels;
    }
  });
  return blocks;
}

/** The gates of a network in order. @throws {ShapeError} as {@linkcode blockSpecs}. */
export function gateSpecs(settings: BlockSettings): GateSpec[] {
  return blockSpecs(settings).flatMap(({ gates }) => gates);
}

/**
 * The n-th entry is what belongs to the gate of the n-th convolution, or undefined if that is not masked.
 *
 * @param byGate one value for each gate of the block.
 */
export function byConvolution<T>({ convolutions }: BlockSpec, byGate: readonly T[]): (T | undefined)[] {
  let gate = 0;
  return convolutions.map(({ masked }) => (masked ? byGate[gate++] : undefined));
}

/** Values of one image's features: channels of the last block's output. */
export function featureSize({ arch, width }: Pick<NetworkSpec, "arch" | "width">): number {
  return blockSpecs({ arch, width }).at(-1)?.outChannels ?? width;
}
