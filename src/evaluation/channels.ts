/**
 * Counts the channels that gates open for all images, for none, or for some.
 *
 * @module
 */

/** Numbers of channels by the images that they are open for. */
export interface ChannelCounts {
  /** All channels. */
  readonly channels: number;
  /** Open for every image. */
  readonly alwaysOpen: number;
  /** Closed for every image. */
  readonly alwaysClosed: number;
  /** Open for some images and closed for others. */
  readonly imageDependent: number;
  /** The counts over `channels`, in 0..1. */
  readonly shares: { readonly alwaysOpen: number; readonly alwaysClosed: number; readonly imageDependent: number };
}

/** The channels of a network, in total and by gate. */
export interface GatedChannels extends ChannelCounts {
  /** By gate. A block's only gate has the block's name. `open` is the mean share of open channels, in 0..1. */
  readonly blocks: readonly (ChannelCounts & { readonly name: string; readonly open: number })[];
}

function counted(channels: number, alwaysOpen: number, alwaysClosed: number): ChannelCounts {
  const imageDependent = channels - alwaysOpen - alwaysClosed;
  const share = (count: number) => count / channels;
  return {
    channels,
    alwaysOpen,
    alwaysClosed,
    imageDependent,
    shares: {
      alwaysOpen: share(alwaysOpen),
      alwaysClosed: share(alwaysClosed),
      imageDependent: share(imageDependent),
    },
  };
}

/**
 * Counts channels that are always open, always closed, or image-dependent over a set of images.
 *
 * @param names names of the gates.
 * @param openCounts number of images that each channel is open for, by gate [C].
 * @param images number of images.
 */
export function gatedChannels(
  names: readonly string[],
  openCounts: readonly Float64Array[],
  images: number,
): GatedChannels {
  const blocks = openCounts.map((counts, gate) => {
    const all = counts.filter((open) => open === images).length;
    const none = counts.filter((open) => open === 0).length;
    const open = counts.reduce((total, count) => total + count, 0) / counts.length / images;
    return { name: names[gate] ?? "", open, ...counted(counts.length, all, none) };
  });
  const total = (of: (block: ChannelCounts) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
  const whole = counted(
    total(({ channels }) => channels),
    total(({ alwaysOpen }) => alwaysOpen),
    total(({ alwaysClosed }) => alwaysClosed),
  );
  return { ...whole, blocks };
}
