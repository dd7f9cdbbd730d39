/**
 * Paints: plain, graded and textured surfaces between two near colours.
 *
 * @module
 */

import type { RandomStream } from "../../random/mod.ts";

/** Red, green and blue in 0..1. */
export type Colour = readonly [number, number, number];

/** A surface: at the pixel (x, y) its colour is `base + share(x, y) * change`, share in 0..1. */
export interface Paint {
  /** Colour where the share is 0. */
  readonly base: Colour;
  /** Added where the share is 1; may be negative. */
  readonly change: Colour;
  /** The texture. To be called in one fixed order of pixels: a grainy paint draws a number at each call. */
  readonly share: (x: number, y: number) => number;
}

/** Furthest that a texture moves a channel from the base colour. */
const CHANGE = 0.2;
/** Least difference in luma between a shape's base colour and its ground's: shape must survive a loss of colour. */
const LEAST_CONTRAST = 0.25;

/** Two paints of clearly different luma; which of them is the lighter, their hues and their textures are by chance. */
export function drawPaintPair(random: RandomStream, side: number): { ground: Paint; figure: Paint } {
  let ground = drawColour(random);
  let figure = drawColour(random);
  while (Math.abs(luma(ground) - luma(figure)) < LEAST_CONTRAST) {
    ground = drawColour(random);
    figure = drawColour(random);
  }
  return { ground: drawPaint(random, ground, side), figure: drawPaint(random, figure, side) };
}

function luma([red, green, blue]: Colour): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function drawColour(random: RandomStream): Colour {
  return [random.uniform(), random.uniform(), random.uniform()];
}

function drawPaint(random: RandomStream, base: Colour, side: number): Paint {
  const change = (): number => CHANGE * (2 * random.uniform() - 1);
  return { base, change: [change(), change(), change()], share: drawTexture(random, side) };
}

function drawTexture(random: RandomStream, side: number): Paint["share"] {
  switch (random.integer(6)) {
    case 0:
      return () => 0;
    case 1:
      return gradient(random, side);
    case 2:
      return stripes(random, side);
    case 3:
      return checks(random, side);
    case 4:
      return clouds(random, side);
    default:
      return () => random.uniform();
  }
}

/** A plane wave's phase in radians at each pixel: any direction, `shortest` to `longest` pixels from crest to crest. */
function wave(random: RandomStream, shortest: number, longest: number): (x: number, y: number) => number {
  const angle = 2 * Math.PI * random.uniform();
  const frequency = (2 * Math.PI) / (shortest + (longest - shortest) * random.uniform());
  const alongX = frequency * Math.cos(angle);
  const alongY = frequency * Math.sin(angle);
  const phase = 2 * Math.PI * random.uniform();
  return (x, y) => alongX * x + alongY * y + phase;
}

/** A square wave between 0 and 1 with edges soft enough not to alias. */
function softSquare(sine: number): number {
  return Math.min(Math.max(0.5 + sine, 0), 1);
}

function gradient(random: RandomStream, side: number): Paint["share"] {
  const angle = 2 * Math.PI * random.uniform();
  const alongX = Math.cos(angle) / (side * Math.SQRT2);
  const alongY = Math.sin(angle) / (side * Math.SQRT2);
  return (x, y) => 0.5 + alongX * (x - side / 2) + alongY * (y - side / 2);
}

function stripes(random: RandomStream, side: number): Paint["share"] {
  const phase = wave(random, side / 8, side / 3);
  return (x, y) => softSquare(Math.sin(phase(x, y)));
}

/** Two waves of one length at a right angle. */
function checks(random: RandomStream, side: number): Paint["share"] {
  const first = wave(random, side / 6, side / 3);
  return (x, y) => softSquare(2 * Math.sin(first(x, y)) * Math.sin(first(-y, x)));
}

/** Three long waves that cross. */
function clouds(random: RandomStream, side: number): Paint["share"] {
  const first = wave(random, side / 3, side);
  const second = wave(random, side / 3, side);
  const third = wave(random, side / 3, side);
  return (x, y) => 0.5 + (Math.sin(first(x, y)) + Math.sin(second(x, y)) + Math.sin(third(x, y))) / 6;
}
