// Tests of drawing a shape: size, place and rotation of the outline in the image.
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { drawPaintPair, type Paint } from "../../../src/data/drawing/paints.ts";
import { drawShapeImage } from "../../../src/data/drawing/shape_image.ts";
import { RandomStream } from "../../../src/random/mod.ts";

const SIDE = 32;

/** The points, in the outline's coordinates, at which image `index` evaluates the outline. */
function askedPoints(index: number, distance: number): { points: [number, number][]; pixels: Uint8Array } {
  const points: [number, number][] = [];
  const pixels = new Uint8Array(3 * SIDE * SIDE);
  const outline = (x: number, y: number) => {
    points.push([x, y]);
    return distance;
  };
  drawShapeImage(outline, new RandomStream(0, 1, index), SIDE, pixels);
  return { points, pixels };
}

/** The step of one pixel in the outline's coordinates: the shortest step between consecutive points. */
function rowStep(points: readonly [number, number][]): [number, number] {
  const steps = points.slice(1).map(([x, y], before): [number, number] => {
    const [x0, y0] = points[before] ?? [x, y];
    return [x - x0, y - y0];
  });
  return steps.reduce((least, step) => (Math.hypot(...step) < Math.hypot(...least) ? step : least));
}

function radiusOf(points: readonly [number, number][]): number {
  return 1 / Math.hypot(...rowStep(points));
}

Deno.test("shapes measure 35 to 75 % of the side, lie wholly inside the image and have any rotation", () => {
  const radii: number[] = [];
  const quadrants = new Set<number>();
  for (let index = 0; index < 300; index++) {
    const { points } = askedPoints(index, -1);
    const radius = radiusOf(points);
    assert(radius >= 0.35 * 16 - 1e-9 && radius <= 0.75 * 16 + 1e-9, `radius ${radius}`);
    // If the border cut off the unit circle, some of its pixels would be missing.
    const inside = points.filter(([x, y]) => Math.hypot(x, y) < 1).length;
    assertAlmostEquals(inside / (Math.PI * radius ** 2), 1, 0.08, `${inside} pixels at radius ${radius}`);
    radii.push(radius);
    const [dx, dy] = rowStep(points);
    quadrants.add(Math.floor(2 + (2 * Math.atan2(dy, dx)) / Math.PI) % 4);
  }
  assert(Math.min(...radii) < 6 && Math.max(...radii) > 11.5);
  assertEquals(quadrants.size, 4);
});

/** The paints of image `index`, and whether both are deterministic, that is, not grainy. */
function paintsOf(index: number): { ground: Paint; figure: Paint; steady: boolean } {
  const random = new RandomStream(0, 1, index);
  for (let i = 0; i < 4; i++) random.uniform(); // size, place, rotation
  const { ground, figure } = drawPaintPair(random, SIDE);
  const steady = [ground, figure].every(({ share }) => share(3, 5) === share(3, 5));
  return { ground, figure, steady };
}

function valueOf({ base, change, share }: Paint, pixel: number, channel: number): number {
  return (base[channel] ?? 0) + share(pixel % SIDE, Math.floor(pixel / SIDE)) * (change[channel] ?? 0);
}

Deno.test("a distance of zero mixes ground and figure equally, and half a pixel inside there is only figure", () => {
  let images = 0;
  for (let index = 0; index < 60; index++) {
    const { ground, figure, steady } = paintsOf(index);
    if (!steady) continue; // a grainy paint draws new numbers at each call
    images++;
    const { points } = askedPoints(index, 0);
    const edge = askedPoints(index, 0).pixels;
    const filled = askedPoints(index, -0.5 / radiusOf(points) - 1e-9).pixels;
    let mixed = 0;
    for (let place = 0; place < edge.length; place++) {
      const below = valueOf(ground, Math.floor(place / 3), place % 3);
      const above = valueOf(figure, Math.floor(place / 3), place % 3);
      const byte = (value: number) => Math.round(255 * Math.min(Math.max(value, 0), 1));
      if (filled[place] === byte(below) && edge[place] === byte(below)) continue;
      assertStrictEquals(filled[place], byte(above));
      assertAlmostEquals(edge[place] ?? 0, byte((below + above) / 2), 1);
      mixed++;
    }
    assertGreater(mixed, points.length, "at least every pixel near the shape has changed in some channel");
  }
  assertGreater(images, 20, `${images} images were free of grain`);
});
