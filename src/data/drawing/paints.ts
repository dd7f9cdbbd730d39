/**
 * Draws random paints: plain, graded and textured surfaces between two similar colours.
 *
 * @module
 */

import type { RandomStream } from "../../random/mod.ts";

/** Red, green and blue in 0..1. */
export type Colour = readonly [number, number, number];

/** A surface. The colour of pixel (x, y) is `base + share(x, y) * change`, with share in 0..1. */
export interface Paint {
  /** The colour at share 0. */
  readonly base: Colour;
  /** Added in full at share 1; may be negative. */
  readonly change: Colour;
  /** The texture. Call it in a fixed order of pixels: the grainy texture draws a random number at each call. */
  readonly share: (x: number, y: number) => number;
}

/** Largest change that a texture makes to a channel of the base colour. */
const CHANGE = 0.2;
/** Least difference in luma between shape and ground, so that the shape stays visible in grey. */
const LEAST_CONTRAST = 0.25;

/** Draws two paints of clearly different luma. Which is lighter, their hues and their textures are random. */
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

/**
 * The phase in radians, at each pixel, of a plane wave of random direction and a wavelength from `shortest` to
 * `longest` pixels.
 */
function wave(random: RandomStream, shortest: number, longest: number): (x: number, y: number) => number {
  const angle = 2 * Math.PI * random.uniform();
  const frequency = (2 * Math.PI) / (shortest + (longest - shortest) * random.uniform());
  const alongX = frequency * Math.cos(angle);
  const alongY = frequency * Math.sin(angle);
  const phase = 2 * Math.PI * random.uniform();
  return (x, y) => alongX * x + alongY * y + phase;
}

/** A square wave between 0 and 1 with edges soft enough to avoid aliasing. */
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

/** The product of two waves of the same length at a right angle. */
function checks(random: RandomStream, side: number): Paint["share"] {
  const first = wave(random, side / 6, side / 3);
  return (x, y) => softSquare(2 * Math.sin(first(x, y)) * Math.sin(first(-y, x)));
}

/** The sum of three long waves of random directions. */
function clouds(random: RandomStream, side: number): Paint["share"] {
  const first = wave(random, side / 3, side);
  const second = wave(random, side / 3, side);
  const third = wave(random, side / 3, side);
  return (x, y) => 0.5 + (Math.sin(first(x, y)) + Math.sin(second(x, y)) + Math.sin(third(x, y))) / 6;
}
