/**
 * Draws an image of a shape on a ground.
 *
 * @module
 */

import type { RandomStream } from "../../random/mod.ts";
import type { Outline } from "./outlines.ts";
import { drawPaintPair, type Paint } from "./paints.ts";

/** Least diameter of the shape's circumscribed circle, as a share of the image's side. */
const SMALLEST = 0.35;
const LARGEST = 0.75;

/**
 * Draws a shape at a random place, with random size, rotation, colour and texture, on a random ground. None of these
 * depends on the outline. The shape lies wholly inside the image, and its edge is anti-aliased.
 *
 * @param outline The shape.
 * @param random Source of all random choices.
 * @param side Height and width, pixels.
 * @param pixels Output: uint8 [side, side, 3].
 */
export function drawShapeImage(outline: Outline, random: RandomStream, side: number, pixels: Uint8Array): void {
  const radius = (side / 2) * (SMALLEST + (LARGEST - SMALLEST) * random.uniform());
  const centreX = radius + (side - 2 * radius) * random.uniform();
  const centreY = radius + (side - 2 * radius) * random.uniform();
  const rotation = 2 * Math.PI * random.uniform();
  const cosine = Math.cos(rotation) / radius;
  const sine = Math.sin(rotation) / radius;
  const { ground, figure } = drawPaintPair(random, side);
  let position = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++, position += 3) {
      const dx = x + 0.5 - centreX;
      const dy = y + 0.5 - centreY;
      // Further than a pixel outside the circumscribed circle there is only ground: skip the outline.
      const near = dx * dx + dy * dy < (radius + 1) ** 2;
      const distance = near ? radius * outline(cosine * dx + sine * dy, cosine * dy - sine * dx) : Infinity;
      // The share of the pixel that lies inside a straight edge at this distance from its centre.
      const coverage = Math.min(Math.max(0.5 - distance, 0), 1);
      paintPixel(ground, figure, coverage, x, y, pixels, position);
    }
  }
}

function paintPixel(
  ground: Paint,
  figure: Paint,
  coverage: number,
  x: number,
  y: number,
  pixels: Uint8Array,
  position: number,
): void {
  const groundShare = coverage < 1 ? ground.share(x, y) : 0;
  const figureShare = coverage > 0 ? figure.share(x, y) : 0;
  for (let channel = 0; channel < 3; channel++) {
    const below = (ground.base[channel] ?? 0) + groundShare * (ground.change[channel] ?? 0);
    const above = (figure.base[channel] ?? 0) + figureShare * (figure.change[channel] ?? 0);
    const value = below + coverage * (above - below);
    pixels[position + channel] = Math.round(255 * Math.min(Math.max(value, 0), 1));
  }
}
