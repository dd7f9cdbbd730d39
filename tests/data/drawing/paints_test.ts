// Tests of paints: contrast between figure and ground, textures within their range.
import { assert, assertAlmostEquals } from "@std/assert";
import { type Colour, drawPaintPair, type Paint } from "../../../src/data/drawing/paints.ts";
import { RandomStream } from "../../../src/random/mod.ts";

function luma([red, green, blue]: Colour): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

const pairs = Array.from({ length: 400 }, (_, index) => drawPaintPair(new RandomStream(0, 1, index), 32));

function shares(paint: Paint): number[] {
  return Array.from({ length: 1024 }, (_, pixel) => paint.share(pixel % 32, pixel >> 5));
}

Deno.test("figure and ground differ in luma, and either may be lighter", () => {
  const contrasts = pairs.map(({ ground, figure }) => luma(figure.base) - luma(ground.base));
  assert(contrasts.every((contrast) => Math.abs(contrast) >= 0.25));
  const lighter = contrasts.filter((contrast) => contrast > 0).length;
  assertAlmostEquals(lighter, 200, 50, `${lighter} of 400 figures are lighter than their ground`);
});

Deno.test("a texture changes no channel by more than a fifth, and its share stays in 0..1", () => {
  for (const paint of pairs.flatMap(({ ground, figure }) => [ground, figure])) {
    assert(paint.change.every((change) => Math.abs(change) <= 0.2));
    for (const share of shares(paint)) assert(share >= -1e-12 && share <= 1 + 1e-12, `${share}`);
  }
});

Deno.test("plain and textured paints both occur, in figure and ground alike", () => {
  for (const role of ["ground", "figure"] as const) {
    const plain = pairs.filter((pair) => new Set(shares(pair[role])).size === 1).length;
    assert(plain > 30 && plain < 110, `${plain} of 400 are plain, a sixth is expected`);
  }
});
