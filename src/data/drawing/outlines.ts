/**
 * Defines the outlines of simple shapes as signed distance functions.
 *
 * @module
 */

/**
 * Signed distance from the point (x, y) to a shape's edge: negative inside, positive outside. Every outline lies
 * within the unit circle around the origin. y points down, as in images.
 */
export type Outline = (x: number, y: number) => number;

/**
 * A polygon with vertices at these radii, evenly spaced by angle, the first at the top: a regular polygon or a star.
 */
function radial(radii: readonly number[]): Outline {
  const vertices = radii.map((radius, index): [number, number] => {
    const angle = (2 * Math.PI * index) / radii.length;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
  return polygon(vertices);
}

/**
 * A closed polygon, convex or not: distance to the nearest edge, with the sign from the number of edges crossed
 * towards +x.
 */
function polygon(vertices: readonly (readonly [number, number])[]): Outline {
  const edges = vertices.map(([x0, y0], index) => {
    const [x1, y1] = vertices[(index + 1) % vertices.length] ?? [x0, y0];
    const dx = x1 - x0;
    const dy = y1 - y0;
    return { x0, y0, y1, dx, dy, inverseSquare: 1 / (dx * dx + dy * dy) };
  });
  return (x, y) => {
    let nearest = Infinity;
    let inside = false;
    for (const { x0, y0, y1, dx, dy, inverseSquare } of edges) {
      const along = ((x - x0) * dx + (y - y0) * dy) * inverseSquare;
      const share = along < 0 ? 0 : along > 1 ? 1 : along;
      const offX = x - x0 - share * dx;
      const offY = y - y0 - share * dy;
      const square = offX * offX + offY * offY;
      if (square < nearest) nearest = square;
      if (y0 > y !== y1 > y && x < x0 + ((y - y0) * dx) / dy) inside = !inside;
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  };
}

function disc(centreX: number, centreY: number, radius: number): Outline {
  return (x, y) => Math.sqrt((x - centreX) ** 2 + (y - centreY) ** 2) - radius;
}

/** A disc minus a smaller disc beside its centre. */
function crescent(): Outline {
  const whole = disc(0, 0, 0.95);
  const bite = disc(0.5, 0, 0.75);
  return (x, y) => Math.max(whole(x, y), -bite(x, y));
}

/** A square standing on a corner, with half a disc on each upper edge. */
function heart(): Outline {
  const half = 0.395; // a quarter of a diagonal
  const low = 0.205; // lowers the square, so that tip and lobes are equally far from the origin
  const square = polygon([[0, low - 2 * half], [2 * half, low], [0, low + 2 * half], [-2 * half, low]]);
  const left = disc(-half, low - half, half * Math.SQRT2);
  const right = disc(half, low - half, half * Math.SQRT2);
  return (x, y) => Math.min(square(x, y), left(x, y), right(x, y));
}

function ring(): Outline {
  return (x, y) => Math.abs(Math.sqrt(x * x + y * y) - 0.72) - 0.22;
}

function cross(): Outline {
  const a = 0.3;
  const b = 0.95;
  return polygon([[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [
    -a,
    -a,
  ]]);
}

function arrow(): Outline {
  return polygon([[0, -1], [0.8, -0.1], [0.3, -0.1], [0.3, 0.95], [-0.3, 0.95], [-0.3, -0.1], [-0.8, -0.1]]);
}

/** The outlines by class name, in the order of the labels. */
export const outlines: ReadonlyMap<string, Outline> = new Map<string, Outline>([
  ["circle", disc(0, 0, 0.85)],
  ["square", radial([1, 1, 1, 1])],
  ["triangle", radial([1, 1, 1])],
  ["star", radial([1, 0.42, 1, 0.42, 1, 0.42, 1, 0.42, 1, 0.42])],
  ["cross", cross()],
  ["ring", ring()],
  ["crescent", crescent()],
  ["diamond", polygon([[0, -1], [0.5, 0], [0, 1], [-0.5, 0]])],
  ["arrow", arrow()],
  ["heart", heart()],
]);
