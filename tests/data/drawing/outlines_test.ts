// Tests of the signed distances of outlines.
import { assert, assertAlmostEquals, assertGreater } from "@std/assert";
import { type Outline, outlines } from "../../../src/data/drawing/outlines.ts";

function outline(name: string): Outline {
  const found = outlines.get(name);
  assert(found !== undefined, name);
  return found;
}

Deno.test("every outline has points inside the unit disc and none outside", () => {
  for (const [name, distance] of outlines) {
    let inside = 0;
    for (let step = 0; step < 360; step++) {
      const angle = (step * Math.PI) / 180;
      assertGreater(
        distance(1.001 * Math.sin(angle), 1.001 * Math.cos(angle)),
        0,
        `${name} reaches out at ${step} degrees`,
      );
      for (const radius of [0.1, 0.3, 0.5, 0.7, 0.9]) {
        if (distance(radius * Math.sin(angle), radius * Math.cos(angle)) < 0) inside++;
      }
    }
    assertGreater(inside, 180, `${name} is nearly empty`);
  }
});

Deno.test("a distance changes no faster than the point moves, which keeps the anti-aliasing even", () => {
  for (const [name, distance] of outlines) {
    for (let i = 0; i < 400; i++) {
      const x = ((i * 37) % 101) / 50 - 1;
      const y = ((i * 53) % 103) / 51 - 1;
      assertAlmostEquals(distance(x + 1e-3, y), distance(x, y), 1e-3 + 1e-12, `${name} at ${x}, ${y}`);
      assertAlmostEquals(distance(x, y + 1e-3), distance(x, y), 1e-3 + 1e-12, `${name} at ${x}, ${y}`);
    }
  }
});

Deno.test("distances have the values known from geometry", () => {
  const near = (actual: number, expected: number) => assertAlmostEquals(actual, expected, 1e-12, `${actual}`);
  near(outline("circle")(0, 0), -0.85);
  near(outline("circle")(3, 4), 4.15);
  near(outline("square")(0, 0), -Math.SQRT1_2);
  near(outline("square")(2, 0), 1);
  near(outline("triangle")(0, 0), -0.5);
  near(outline("triangle")(0, 0.75), 0.25);
  near(outline("ring")(0, 0), 0.5);
  near(outline("ring")(0.72, 0), -0.22);
  near(outline("cross")(0.6, 0.6), 0.3);
  near(outline("diamond")(0, 0), -0.5 / Math.sqrt(1.25));
  near(outline("crescent")(0.5, 0), 0.75);
});
