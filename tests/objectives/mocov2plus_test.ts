/**
 * MoCo v2+ against its formula in float64, and its queues.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { mocov2plus } from "../../src/objectives/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { average, checkObjective, cosine, dot, type Formula, type Rows, shapes } from "./comparison.ts";

const queue = 10;

function contrast(queries: Rows, keys: Rows, negatives: Rows): number {
  return average(queries.map((query, n) => {
    const positive = cosine(query, keys[n]) / 0.2;
    const others = negatives.map((key) => Math.exp(cosine(query, key) / 0.2));
    return Math.log(others.reduce((total, value) => total + value, Math.exp(positive))) - positive;
  }));
}

const formula: Formula = ({ a, b, targetA, targetB, state }) => {
  const loss = (contrast(a, targetB, state("queue.b")) + contrast(b, targetA, state("queue.a"))) / 2;
  return { loss, contrast: loss };
};

for (const { label, rows, columns } of shapes) {
  Deno.test(`mocov2plus equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: (parts) => mocov2plus(parts, { queue }), formula, rows, columns });
  });
}

/** Rows of a queue as text, to be recognised by. */
function rowsOf(tensor: Tensor | undefined): string[] {
  const values = tensor?.toFloat32() ?? new Float32Array();
  const columns = tensor?.dim(1) ?? 1;
  return Array.from({ length: values.length / columns }, (_, i) => {
    return [...values.slice(i * columns, (i + 1) * columns)].map((value) => value.toFixed(4)).join();
  });
}

Deno.test("the keys of a step enter mocov2plus's queues when it is committed, newest first, and the oldest go", () => {
  using device = openDevice();
  const size = 4;
  using objective = mocov2plus({ device, size, seed: 1 }, { queue: 5 });
  using _scope = new Scope();
  const queueOf = (name: "queue.a" | "queue.b") => rowsOf(objective.module?.state().get(name));
  const before = { a: queueOf("queue.a"), b: queueOf("queue.b") };
  const step = (index: number, images: number) => {
    const draw = (stream: number) => {
      const random = new RandomStream(index, stream, 0);
      return Tensor.from(device, Float32Array.from({ length: images * size }, () => random.normal()), [images, size]);
    };
    const targets = { a: draw(70), b: draw(71) };
    const { commit } = objective.compute(null, draw(72), draw(73), { targets });
    const unit = (tensor: Tensor) => {
      const values = tensor.toFloat32();
      const lengths = Array.from({ length: images }, (_, row) => {
        return Math.hypot(...values.slice(row * size, (row + 1) * size));
      });
      const scaled = values.map((value, i) => value / (lengths[Math.floor(i / size)] ?? NaN));
      return rowsOf(Tensor.from(device, scaled, tensor.shape));
    };
    return { commit, keys: { a: unit(targets.a), b: unit(targets.b) } };
  };
  const first = step(1, 2);
  assertEquals(queueOf("queue.a"), before.a, "nothing enters before");
  first.commit?.();
  assertEquals(queueOf("queue.a"), [...first.keys.a, ...before.a.slice(0, 3)]);
  assertEquals(queueOf("queue.b"), [...first.keys.b, ...before.b.slice(0, 3)]);
  const second = step(2, 4);
  second.commit?.();
  assertEquals(queueOf("queue.a"), [...second.keys.a, first.keys.a[0]]);
  const larger = step(3, 8);
  larger.commit?.();
  assertEquals(queueOf("queue.b"), larger.keys.b.slice(0, 5), "a batch larger than the queue");
});

Deno.test("mocov2plus's queues begin with unit rows that depend on the seed alone", () => {
  using device = openDevice();
  const initial = (seed: number) => {
    using objective = mocov2plus({ device, size: 6, seed }, { queue: 8 });
    return [...objective.module?.state() ?? []].map(([, tensor]) => tensor.toFloat32());
  };
  assertEquals(initial(1), initial(1));
  assertNotEquals(initial(1), initial(2));
  const [a = new Float32Array(), b = new Float32Array()] = initial(1);
  assertNotEquals(a, b);
  for (let row = 0; row < 8; row++) {
    const values = [...a.slice(6 * row, 6 * row + 6)];
    assertAlmostEquals(dot(values, values), 1, 1e-6);
  }
});
